"""The words that dashboards are written in: a question, the queries that answer it, and how the answer is drawn."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from grafana_foundation_sdk.builders import common, dashboard, prometheus, stat, timeseries
from grafana_foundation_sdk.models import common as drawn
from grafana_foundation_sdk.models import dashboard as model

DATASOURCE: Final = model.DataSourceRef(type_val="prometheus", uid="throughline-prometheus")
TAG: Final = "throughline"
RUNBOOK: Final = "docs/runbook.md"  # as in the alerts' runbook_url
_GREEN, _YELLOW, _RED = "green", "yellow", "red"
Panel = stat.Panel | timeseries.Panel


class Unit(StrEnum):
    """Grafana's names of units."""

    COUNT = "short"
    RATE = "ops"
    SECONDS = "s"
    MINUTES = "m"
    BYTES = "bytes"
    SHARE = "percentunit"
    YES = "bool_yes_no"


@dataclass(frozen=True, slots=True)
class Query:
    """An answer.

    Attributes:
        expr: PromQL; $__rate_interval and the dashboard's variables are set by Grafana.
        legend: the name of each series, with {{label}}s.
        or_zero: a counter that has not counted yet shows 0; for a query without labels.
    """

    expr: str
    legend: str = ""
    or_zero: bool = False

    @property
    def whole(self) -> str:
        """As it is asked."""
        return f"{self.expr} or vector(0)" if self.or_zero else self.expr


@dataclass(frozen=True, slots=True)
class Bounds:
    """Where an answer becomes worth a look, and where it is bad: above these, or below where `bad` is the smaller."""

    look: float
    bad: float


@dataclass(frozen=True, slots=True)
class Question:
    """A panel.

    Attributes:
        title: the question.
        remedy: what the answer means, and what to do when it is bad.
        is_number: one number for now, else lines over time.
        is_signed: an answer below 0 means something; else lines begin at 0.
        nothing: what no answer means.
        width: of 24.
        section: of the runbook, by the alert that it is about; none where a bad answer alarms nobody.
    """

    title: str
    remedy: str
    queries: Sequence[Query]
    unit: Unit
    bounds: Bounds | None = None
    is_number: bool = False
    is_signed: bool = False
    nothing: str = "no data"
    width: int = 12
    section: str = ""

    @property
    def text(self) -> str:
        """What the panel says of itself."""
        return f"{self.remedy} Runbook: {RUNBOOK}#{self.section.lower()}" if self.section else self.remedy

    def panel(self) -> Panel:
        """The panel of Grafana."""
        made = self._number() if self.is_number else self._lines()
        made.title(self.title).description(self.text).datasource(DATASOURCE).unit(self.unit).span(self.width)
        made.no_value(self.nothing)
        if self.bounds is not None:
            made.thresholds(_thresholds(self.bounds))
        for letter, query in zip("ABCDEFGH", self.queries, strict=False):
            asked = prometheus.Dataquery().expr(query.whole).legend_format(query.legend).ref_id(letter)
            made.with_target(asked.instant() if self.is_number else asked.range())
        return made

    def _number(self) -> stat.Panel:
        last = common.ReduceDataOptions().calcs(["lastNotNull"])
        made = stat.Panel().reduce_options(last).height(5).color_mode(drawn.BigValueColorMode.BACKGROUND)
        return made.graph_mode(drawn.BigValueGraphMode.NONE)

    def _lines(self) -> timeseries.Panel:
        legend = common.VizLegendOptions().display_mode(drawn.LegendDisplayMode.TABLE).calcs(["lastNotNull", "max"])
        tooltip = common.VizTooltipOptions().mode(drawn.TooltipDisplayMode.MULTI).sort(drawn.SortOrder.DESCENDING)
        made = timeseries.Panel().height(8).fill_opacity(8).show_points(drawn.VisibilityMode.NEVER)
        made.legend(legend.placement(drawn.LegendPlacement.BOTTOM).show_legend(show_legend=True)).tooltip(tooltip)
        if not self.is_signed:
            made.min(0)
        if self.bounds is not None:
            made.thresholds_style(common.GraphThresholdsStyleConfig().mode(drawn.GraphThresholdsStyleMode.DASHED))
        return made


@dataclass(frozen=True, slots=True)
class Row:
    """Questions under one heading."""

    title: str
    questions: Sequence[Question]


@dataclass(frozen=True, slots=True)
class Board:
    """A dashboard.

    Attributes:
        name: of its file, and in its address.
        variables: names and the label_values(...) that they may have, chosen above the panels.
    """

    name: str
    title: str
    about: str
    rows: Sequence[Row]
    variables: Sequence[tuple[str, str]] = ()

    @property
    def questions(self) -> list[Question]:
        """All of them."""
        return [question for row in self.rows for question in row.questions]

    def build(self) -> model.Dashboard:
        """The dashboard of Grafana."""
        link = dashboard.DashboardLink("Throughline").type(model.DashboardLinkType.DASHBOARDS).tags([TAG])
        made = dashboard.Dashboard(self.title).uid(f"{TAG}-{self.name}").description(self.about).tags([TAG]).readonly()
        made.time("now-1h", "now").refresh("10s").timezone("browser").tooltip(model.DashboardCursorSync.CROSSHAIR)
        made.link(link.as_dropdown(as_dropdown=True).keep_time(keep_time=True))
        for name, values in self.variables:
            made.with_variable(_variable(name, values))
        for row in self.rows:
            made.with_row(dashboard.Row(row.title))
            for question in row.questions:
                made.with_panel(question.panel())
        return made.build()


def _variable(name: str, values: str) -> dashboard.QueryVariable:
    chosen = dashboard.QueryVariable(name).datasource(DATASOURCE).query(values).multi(multi=True)
    return chosen.include_all(include_all=True).all_value(".*").refresh(model.VariableRefresh.ON_TIME_RANGE_CHANGED)


def _thresholds(bounds: Bounds) -> dashboard.ThresholdsConfig:
    colours = [_GREEN, _YELLOW, _RED]
    values = [bounds.look, bounds.bad]
    if bounds.bad < bounds.look:
        colours, values = colours[::-1], values[::-1]
    steps = [model.Threshold(value, colour) for value, colour in zip([None, *values], colours, strict=True)]
    return dashboard.ThresholdsConfig().mode(model.ThresholdsMode.ABSOLUTE).steps(steps)


def p(quantile: float, metric: str, *labels: str, where: str = "") -> Query:
    """A quantile of a histogram, by some labels."""
    by = ", ".join([*labels, "le"])
    rate = f"rate({metric}_bucket{where}[$__rate_interval])"
    legend = f"p{quantile * 100:g} " + " ".join(f"{{{{{label}}}}}" for label in labels)
    return Query(f"histogram_quantile({quantile}, sum by ({by}) ({rate}))", legend.strip())


def rate(metric: str, *labels: str, where: str = "") -> Query:
    """How much a counter grows in a second, by some labels."""
    by = f"sum by ({', '.join(labels)})" if labels else "sum"
    legend = " ".join(f"{{{{{label}}}}}" for label in labels)
    return Query(f"{by} (rate({metric}{where}[$__rate_interval]))", legend or "all")
