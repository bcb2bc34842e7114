"""What Streamlit runs for every view of the page: read, choose, show."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from retail.errors import RetailError
from retail.outputs.dashboard import (
    address,
    incident_page,
    kpi_page,
    overview_page,
    read,
    render,
    url_state,
)
from retail.outputs.dashboard.cache import Cache, Session
from retail.outputs.report import trust
from retail.reading import Facts, LockedError
from retail.reading.selection import open_incidents
from retail.storage import run_log
from retail.storage.location import default_database
from retail.storage.run_log import Step, records

TITLE = "E-Commerce Analytics Intelligence"
PLACE = "place"
BUSY = "Another program is writing to the file. Try again in a moment."


@st.cache_resource
def cache(path: Path) -> Cache:
    """One cache per file, for everybody who looks."""
    del path
    return Cache()


def main() -> None:
    """The whole page; what can't be done is one line."""
    st.set_page_config(page_title=TITLE, page_icon=None, layout="wide")
    render.style()
    path = default_database()
    session = Session(path, cache(path))
    top = st.container()
    try:
        facts = session.ask(read.facts)
        with top:
            _freshness(facts, path)
        late = st.empty()
        _page(session, facts)
        if session.is_late:
            late.info(
                "Another program is writing to the file: these are the last figures seen. "
                "Reload in a moment."
            )
    except LockedError:
        st.warning(BUSY)
    except RetailError as error:
        st.error(render.plain(str(error)))


def _page(session: Session, facts: Facts) -> None:
    chosen = url_state.read(st.query_params, facts)
    waiting = len(open_incidents(facts.incidents))
    names = {
        url_state.OVERVIEW: "Overview",
        url_state.KPIS: "KPIs",
        url_state.INCIDENTS: f"Incidents ({waiting} open)",
    }
    address.pick(
        st.segmented_control, "Page", list(names), chosen.view, "view",
        forget=("incident", "member"), format_func=names.__getitem__,
        label_visibility="collapsed",
    )  # fmt: skip
    place = (chosen.view, address.given("incident"))
    if st.session_state.get(PLACE, place) != place:
        render.from_the_top()
    st.session_state[PLACE] = place
    if chosen.view == url_state.OVERVIEW:
        overview_page.page(session, facts)
    elif chosen.view == url_state.INCIDENTS:
        incident_page.page(session, facts, chosen)
    else:
        kpi_page.page(session, facts, chosen)


def _freshness(facts: Facts, path: Path) -> None:
    render.fragment("freshness", facts=facts, quality=trust.quality(facts), since=_since(path))


def _since(path: Path) -> tuple[Step, ...]:
    """Runs of the daily job that have failed since one finished, the oldest first."""
    failed: list[Step] = []
    for run in run_log.read(path):
        if run.whole.status == records.FINE:
            failed.clear()
        elif run.whole.status != records.RUNNING:
            failed.append(run.whole)
    return tuple(failed)


if __name__ == "__main__":
    main()
