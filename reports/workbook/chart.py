"""A native bar chart that prints like the tables beside it."""

from __future__ import annotations

from typing import Any

from openpyxl.chart import BarChart, Reference, Series
from openpyxl.chart.label import DataLabelList
from openpyxl.chart.text import RichText
from openpyxl.chart.text import Text as ChartText
from openpyxl.chart.title import Title
from openpyxl.drawing.spreadsheet_drawing import AnchorMarker, TwoCellAnchor
from openpyxl.drawing.text import CharacterProperties, Paragraph, ParagraphProperties, RegularTextRun
from openpyxl.drawing.text import Font as DrawingFont

from common.cells import clean
from reports.workbook.sheet import Chart
from reports.workbook.styles import BODY_FONT, HEADER_FONT

COLOURS = ("BFBFBF", "A8201A")


def draw(chart: Chart, sheet: Any) -> BarChart:
    """The chart of a sheet, reading its values from the sheet's own cells."""
    drawn = BarChart()
    drawn.type, drawn.grouping = "bar", "clustered"
    drawn.title = _title(chart.title)
    for name, column in chart.series.items():
        values = Reference(sheet, min_col=column, min_row=chart.first_row, max_row=chart.last_row)
        drawn.series.append(Series(values, title=clean(name)))
    drawn.set_categories(
        Reference(sheet, min_col=chart.label_column, min_row=chart.first_row, max_row=chart.last_row)
    )
    for series, colour in zip(drawn.series, COLOURS, strict=False):
        series.graphicalProperties.solidFill = colour
        series.graphicalProperties.line.solidFill = colour
    drawn.dataLabels = DataLabelList(showVal=True, showSerName=False, showCatName=False, showLegendKey=False)
    drawn.dataLabels.txPr = _text(700)
    drawn.gapWidth, drawn.overlap = 40, 0
    drawn.legend.position = "b"
    drawn.legend.txPr = _text(800)
    # Without this newer viewers leave the axes out.
    drawn.x_axis.delete, drawn.y_axis.delete = False, True
    drawn.x_axis.scaling.orientation, drawn.x_axis.tickLblSkip = "maxMin", 1
    drawn.x_axis.txPr = _text(700)
    drawn.y_axis.majorGridlines = None
    drawn.y_axis.scaling.min = 0
    drawn.anchor = _over(chart)
    return drawn


def _over(chart: Chart) -> TwoCellAnchor:
    column, row = chart.top_left
    end_column, end_row = chart.below_right
    first = AnchorMarker(col=column - 1, colOff=40_000, row=row - 1, rowOff=20_000)
    return TwoCellAnchor(editAs="twoCell", _from=first, to=AnchorMarker(col=end_column - 1, row=end_row - 1))


def _text(size: int) -> RichText:
    """The looks of a text, its size in hundredths of a point."""
    font = CharacterProperties(sz=size, ea=DrawingFont(typeface=BODY_FONT))
    return RichText(p=[Paragraph(pPr=ParagraphProperties(defRPr=font), endParaRPr=font)])


def _title(text: str) -> Title:
    font = CharacterProperties(sz=1000, b=True, ea=DrawingFont(typeface=HEADER_FONT))
    paragraph = Paragraph(pPr=ParagraphProperties(defRPr=font), r=[RegularTextRun(rPr=font, t=clean(text))])
    return Title(tx=ChartText(rich=RichText(p=[paragraph])), overlay=False)
