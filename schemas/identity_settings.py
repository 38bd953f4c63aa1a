"""`[identity]`: the rules of identity as a configuration writes them."""

from dataclasses import replace
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from schemas.identifiers import REGION
from schemas.identity import Rules
from schemas.interaction import NAME


class KindSettings(BaseModel):
    """How identifiers of one kind behave; what is not set is as it comes (docs/identity.md)."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    priority: int | None = Field(None, ge=1, le=1000, description="the lowest of a profile is its root")
    unique: bool | None = Field(None, description="two of them are two customers, as accounts are")
    limit: int | None = Field(None, ge=1, le=100_000, description="how many of this kind one profile may have")
    shared: bool | None = Field(None, description="several people may use it, as a device")
    blocked: tuple[str, ...] = Field((), description="values that are no identifiers: their links count for nothing")


class IdentitySettings(BaseModel):
    """Identity. A change of the rules takes effect with `throughline identity apply`."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    default_region: str = Field(
        REGION, pattern=r"^[A-Z]{2}$", description="ISO 3166 country of phone numbers without a country code"
    )
    logout_events: tuple[str, ...] = Field(
        (), description="names of events after which a device may be somebody else's: a handover of it"
    )
    consent: tuple[str, ...] = Field(
        ("consent", "email_consent", "marketing_consent", "sms_consent", "tracking_consent"),
        description="traits that say what a customer permits: of several values the most restrictive counts",
    )
    hub: int = Field(50, ge=1, le=100_000, description="strong neighbours above which an identifier links nothing")
    degree: int = Field(1000, ge=1, le=100_000, description="neighbours of any kind above which it links nothing")
    cap: int = Field(1000, ge=2, le=100_000, description="identifiers in one profile")
    kinds: dict[Annotated[str, Field(pattern=NAME)], KindSettings] = Field(
        default_factory=dict, description="by kind: user_id, email, phone, ..., and kinds of your own"
    )

    @property
    def rules(self) -> Rules:
        """The rules that these settings say, on top of those that come with Throughline."""
        plain = Rules()
        kinds = dict(plain.kinds)
        for name, said in self.kinds.items():
            own = said.model_dump(exclude_none=True, exclude={"blocked"})
            blocked = plain.of(name).blocked | set(said.blocked)
            kinds[name] = replace(plain.of(name), blocked=frozenset(blocked), **own)
        return replace(
            plain, kinds=kinds, hub=self.hub, degree=self.degree, cap=self.cap, consent=frozenset(self.consent)
        )
