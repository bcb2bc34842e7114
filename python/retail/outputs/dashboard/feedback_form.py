"""The feedback form: acknowledge, snooze until a day, label."""

from __future__ import annotations

import datetime as dt

import streamlit as st

from retail.errors import RetailError
from retail.feedback import record, status
from retail.outputs.dashboard import render
from retail.outputs.dashboard.cache import Session
from retail.outputs.report import page
from retail.outputs.report.incidents import Card
from retail.reading import today
from retail.schema import IncidentRow

ACTIONS = {
    status.ACKNOWLEDGE: "Acknowledge: somebody is on it",
    status.SNOOZE: "Snooze: say nothing of these KPIs until a day",
    status.FALSE: "Label as a false alarm",
    status.REAL: "Label as real",
    status.ONE_OFF: "Label as a one-off: learn nothing from it",
    status.NEW_NORMAL: "Label as the new normal: expect it from now on",
}
WEEK = dt.timedelta(days=7)
TOLD, NAME = "told", "name"


def section(session: Session, card: Card) -> None:
    """What was said of an incident so far, and the means to say more."""
    told = st.session_state.pop(TOLD, None)
    if told:
        st.success(render.plain(told))
    render.fragment("said", said=card.said)
    with st.expander("Acknowledge, snooze or label"):
        action = st.radio("What about it?", list(ACTIONS), format_func=ACTIONS.__getitem__)
        until = None
        if action == status.SNOOZE:
            first = today()
            until = st.date_input("Until, that day included", first + WEEK, min_value=first)
        note = st.text_input("Why (if you like)", max_chars=300)
        name = st.text_input(
            "Your name (if you like)", st.session_state.get(NAME, ""), max_chars=60
        )
        if st.button("Save"):
            st.session_state[NAME] = name.strip()
            _say(session, card.incident, str(action), until, note)


def _say(
    session: Session, incident: IncidentRow, action: str, until: dt.date | None, note: str
) -> None:
    """Write it down; what went wrong is one line."""
    try:
        with session.alone():
            told = record.record_feedback(
                session.path,
                incident.incident_id,
                action,
                until,
                note.strip() or None,
                st.session_state[NAME] or None,
            )
    except RetailError as error:
        st.error(render.plain(f"Not saved. {error}"))
        return
    st.session_state[TOLD] = f"Saved. {told}.{page.renew(session.path)}"
    st.rerun()
