import pytest
import sqlalchemy

from tests.throughline.gateway.conftest import Served

pytestmark = pytest.mark.chdb


@pytest.mark.parametrize("user", ["throughline", "reader"])
def test_sqlalchemy(served: Served, user: str) -> None:
    url = served.url if user == "throughline" else served.reader_url
    engine = sqlalchemy.create_engine(url.replace("http://", "clickhousedb://"))
    with engine.connect() as connection:
        statement = sqlalchemy.text("SELECT number FROM system.numbers WHERE number > :least LIMIT 2")
        assert [row[0] for row in connection.execute(statement, {"least": 5})] == [6, 7]
        assert "one" in sqlalchemy.inspect(engine).get_table_names(schema="system")
    engine.dispose()
