# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Text that every file of a report can contain."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.tenantops.entra.plugins.plugin_utils._report.printable import printable


@given(st.text(st.characters() | st.sampled_from("\x00\x0b\ud800\udfff\ufffe"), max_size=20))
def test_printable_text_can_be_written_and_nothing_else_is_touched(text: str) -> None:
    cleaned = printable({text: [text]})
    [(key, [value])] = cleaned.items()
    assert key == value
    value.encode()
    assert len(value) == len(text)
    assert all(one in (other, "\ufffd") for one, other in zip(value, text, strict=True))
    assert printable(value) == value
