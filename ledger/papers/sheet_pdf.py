"""A statement as PDF, A4, with the heads of its columns on every page.

Its letters are those of the standard fonts, which every reader has: what is not in Windows-1252 becomes `?`
(HTML shows everything).
"""

from __future__ import annotations

import io
from typing import Any, Final
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from ledger.papers.sheet import Row, Sheet

_MARGIN: Final = 16 * mm
_FRAME_PADDING: Final = 6
"""Points that reportlab keeps free within its frame, on either side."""
_WIDTH: Final = A4[0] - 2 * _MARGIN - 2 * _FRAME_PADDING
_INK: Final = HexColor("#1c1f23")
_SOFT: Final = HexColor("#5b6470")
_LINE: Final = HexColor("#bbbbbb")

_BODY: Final = ParagraphStyle("body", fontName="Helvetica", fontSize=9, leading=11.5, textColor=_INK)
_RIGHT: Final = ParagraphStyle("right", parent=_BODY, alignment=TA_RIGHT)
_STRONG: Final = ParagraphStyle("strong", parent=_BODY, fontName="Helvetica-Bold")
_STRONG_RIGHT: Final = ParagraphStyle("strong right", parent=_STRONG, alignment=TA_RIGHT)
_HEAD: Final = ParagraphStyle("head", parent=_BODY, fontSize=8, textColor=_SOFT)
_HEAD_RIGHT: Final = ParagraphStyle("head right", parent=_HEAD, alignment=TA_RIGHT)
_TITLE: Final = ParagraphStyle("title", parent=_BODY, fontName="Helvetica-Bold", fontSize=16, leading=20)
_NOTE: Final = ParagraphStyle("note", parent=_HEAD, leading=11)

_COLUMNS: Final = (29 * mm, 0.0, 19 * mm, 25 * mm, 27 * mm)
"""Widths; the second takes what is left."""


def sheet_pdf(sheet: Sheet) -> bytes:
    """The whole document; the same sheet gives the same bytes."""
    target = io.BytesIO()
    document = SimpleDocTemplate(
        target,
        pagesize=A4,
        leftMargin=_MARGIN,
        rightMargin=_MARGIN,
        topMargin=_MARGIN,
        bottomMargin=_MARGIN,
        title=_plain(f"{sheet.title}: {sheet.account}, {sheet.month}"),
        author="payphone",
        invariant=1,
    )
    story: list[Any] = [
        _said(sheet.title, _TITLE),
        _said(sheet.month, _STRONG),
        Spacer(0, 3 * mm),
        _said(sheet.account, _STRONG),
        _said(sheet.period, _NOTE),
        Spacer(0, 6 * mm),
        _totals(sheet),
        Spacer(0, 6 * mm),
        _rows(sheet) if sheet.rows else _said("Nothing was booked in this month.", _BODY),
        Spacer(0, 6 * mm),
        *(_said(note, _NOTE) for note in sheet.notes),
    ]
    foot = f"{sheet.account}, {sheet.month}"
    document.build(story, onFirstPage=lambda page, _: _foot(page, foot), onLaterPages=lambda page, _: _foot(page, foot))
    return target.getvalue()


def _totals(sheet: Sheet) -> Table:
    last = len(sheet.totals) - 1
    cells = [
        [
            _said(name, _STRONG if place in {0, last} else _BODY),
            _said(amount, _STRONG_RIGHT if place in {0, last} else _RIGHT),
        ]
        for place, (name, amount) in enumerate(sheet.totals)
    ]
    style = TableStyle([("LINEABOVE", (0, last), (-1, last), 0.6, _INK), *_TIGHT])
    return Table(cells, colWidths=(45 * mm, 35 * mm), hAlign="LEFT", style=style)


def _rows(sheet: Sheet) -> Table:
    heads = [
        _said("Date", _HEAD),
        _said("What", _HEAD),
        *(_said(name, _HEAD_RIGHT) for name in ("Minutes", "Amount", sheet.balance_word)),
    ]
    widths = [width or _WIDTH - sum(_COLUMNS) for width in _COLUMNS]
    style = TableStyle(
        [
            ("LINEBELOW", (0, 0), (-1, 0), 0.6, _INK),
            ("LINEBELOW", (0, 1), (-1, -1), 0.3, _LINE),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            *_TIGHT,
        ]
    )
    # A row is split only where no page has room for it: its memo is as long as somebody wrote it.
    return Table([heads, *map(_row, sheet.rows)], colWidths=widths, repeatRows=1, splitInRow=1, style=style)


_TIGHT: Final = [
    ("LEFTPADDING", (0, 0), (-1, -1), 0),
    ("RIGHTPADDING", (0, 0), (-1, -1), 0),
    ("TOPPADDING", (0, 0), (-1, -1), 1.2 * mm),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 1.2 * mm),
]


def _row(row: Row) -> list[Any]:
    what = [_said(row.what, _BODY), *([_said(row.detail, _NOTE)] if row.detail else [])]
    return [_said(row.when, _BODY), what, *(_said(text, _RIGHT) for text in (row.minutes, row.amount, row.balance))]


def _said(text: str, style: ParagraphStyle) -> Paragraph:
    """A paragraph of these very characters: nothing in them is mark-up."""
    return Paragraph(escape(_plain(text)), style)


def _plain(text: str) -> str:
    return text.encode("cp1252", errors="replace").decode("cp1252")


def _foot(page: Any, text: str) -> None:
    page.saveState()
    page.setFont("Helvetica", 8)
    page.setFillColor(_SOFT)
    page.drawString(_MARGIN + _FRAME_PADDING, _MARGIN / 2, _plain(text))
    page.drawRightString(A4[0] - _MARGIN - _FRAME_PADDING, _MARGIN / 2, f"page {page.getPageNumber()}")
    page.restoreState()
