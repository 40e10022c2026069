# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pages of a report as Jinja templates. Data, not code.

Literals, because only Python files reach a module that runs in a process of its own. Everything is escaped by Jinja;
``safe`` is said of our own style sheet, script and pictures, and of nothing else.
"""

from __future__ import annotations

TEMPLATES = {
    "base": """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{{ policy }}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>{% block title required %}{% endblock %}</title>
<style>{{ style | safe }}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the summary</a>
{% block content required %}{% endblock %}
</body>
</html>
""",
    "macros": """\
{% macro tag(word) %}<span class="tag {{ word | replace(' ', '-') }}">{{ word }}</span>{% endmacro %}

{% macro plural(count, one, many=none) %}{{ count }} {{ one if count == 1 else many or one ~ 's' }}{% endmacro %}

{% macro link(url) %}
{% if url | is_web %}
<a href="{{ url }}" rel="noreferrer noopener">Open the page in the admin center</a>
{% else %}
<span class="code">{{ url }}</span>
{% endif %}
{% endmacro %}

{% macro fact(name, value) %}
{% if value is not none and value != '' %}
<dt>{{ name }}</dt><dd><bdi>{{ value }}</bdi></dd>
{% endif %}
{% endmacro %}

{% macro until(date) %}{% if date %}, until <bdi>{{ date }}</bdi>{% endif %}{% endmacro %}

{% macro change_line(change) %}
<span class="code">{{ change.id }}</span> <bdi>{{ change.title }}</bdi>, was {{ change.was }}, is {{ change['is'] }}
{%- endmacro %}

{% macro facts(control) %}
<dl class="facts">
{{ fact('Expected', control.expected) }}
{{ fact('Found', control.actual) }}
<dt>Evidence</dt>
<dd>{{ control.grade | words }}{% if control.as_of %}, as of <bdi>{{ control.as_of | moment }}</bdi>{% endif %}</dd>
{{ fact('Why', control.reason) }}
{% with waiver = control.waiver %}
{% if waiver %}
<dt>Waiver</dt>
<dd><bdi>{{ waiver.reason }}</bdi>, owner <bdi>{{ waiver.owner }}</bdi>{{ until(waiver.expires) }}</dd>
{% endif %}
{% endwith %}
{% with attested = control.attestation %}
{% if attested %}
<dt>Attested</dt>
<dd>by <bdi>{{ attested.who }}</bdi>, <bdi>{{ attested.when }}</bdi>{{ until(attested.expires) }}
{% if attested.evidence %}: <bdi>{{ attested.evidence }}</bdi>{% endif %}</dd>
{% endif %}
{% endwith %}
{% if control.status in ('fail', 'unknown') %}
{{ fact('What to do', control.fix) }}
{% endif %}
{% if control.link and control.status != 'pass' %}
<dt>Where</dt><dd>{{ link(control.link) }}</dd>
{% endif %}
{{ fact('Conflicts with', control.conflicts | join(', ')) }}
</dl>
{% endmacro %}

{% macro control_list(controls) %}
{% for control in controls %}
{% if loop.first %}
<ul class="controls">
{% endif %}
<li class="{{ control.status }}">
<span class="code">{{ control.baseline }} {{ control.control }}</span>
{% if control.level %}
<span class="quiet small">level {{ control.level }}</span>
{% endif %}
<strong><bdi>{{ control.title }}</bdi></strong> {{ tag(control.status) }}
{{ facts(control) }}
</li>
{% if loop.last %}
</ul>
{% endif %}
{% endfor %}
{% endmacro %}

{% macro notes(entry) %}
{% with error = entry.error %}
{% if error %}
<p><strong>The tenant could not be read.</strong> <bdi>{{ error.message }}</bdi> <bdi>{{ error.hint or '' }}</bdi></p>
{% endif %}
{% endwith %}
{% if entry.findings %}
<h4>Findings</h4>
<ul class="notes">
{% for finding in entry.findings %}
<li><bdi>{{ finding.message }}</bdi></li>
{% endfor %}
</ul>
{% endif %}
{% if entry.outlook %}
<h4>What is coming</h4>
<ul class="notes">
{% for line in entry.outlook %}
<li><bdi>{{ line.date }}</bdi>: <bdi>{{ line.what }}</bdi>.
{% if line.users is not none %}
{{ plural(line.users, 'user') }}.
{% else %}
How many users cannot be told: <bdi>{{ line.why_unknown or 'no reason is given' }}</bdi>.
{% endif %}
</li>
{% endfor %}
</ul>
{% endif %}
{% if entry.unavailable %}
<h4>What could not be read</h4>
<ul class="notes">
{% for part in entry.unavailable %}
<li><bdi>{{ part.page or 'The tenant' }}</bdi> <bdi>{{ part.options | join(', ') if part.options }}</bdi>:
<bdi>{{ part.reason or 'no reason is given' }}</bdi> <bdi>{{ part.hint or '' }}</bdi></li>
{% endfor %}
</ul>
{% endif %}
{% endmacro %}

{% macro identity(entry) %}
<dl class="facts small">
{{ fact('Tenant', entry.tenant.id if entry.tenant) }}
{{ fact('Domain', entry.tenant.default_domain if entry.tenant) }}
{{ fact('Methods policy', entry.migration_state) }}
{% with coverage = entry.coverage %}
{% if coverage %}
<dt>Users</dt>
<dd>
{% for key, name in coverage_names.items() if coverage[key] is not none %}
{{ coverage[key] }} {{ name }}{{ ', ' if not loop.last }}
{% endfor %}
{% if coverage.as_of %}(as of <bdi>{{ coverage.as_of | moment }}</bdi>){% endif %}
</dd>
{% endif %}
{% endwith %}
{% with evidence = entry.evidence %}
{% if evidence %}
{{ fact('Read at', evidence.at | moment if evidence.at) }}
{{ fact('With the app', evidence.app) }}
{{ fact('As the portal user', evidence.portal_user) }}
{{ fact('Baselines', evidence.baselines | versions) }}
{% endif %}
{% endwith %}
</dl>
{% endmacro %}

{% macro proof(entry) %}
{% with evidence = entry.evidence %}
{% if evidence and (evidence.request_ids or evidence.digests) %}
<details><summary>Request ids and digests, for support and proof</summary>
<div class="code">
{% for name, digest in evidence.digests.items() %}
<p><bdi>{{ name }}</bdi>: <bdi>{{ digest }}</bdi></p>
{% endfor %}
<p><bdi>{{ evidence.request_ids | join(', ') }}</bdi></p>
</div></details>
{% endif %}
{% endwith %}
{% endmacro %}

{% macro glossary() %}
<section aria-labelledby="words">
<h2 id="words">How to read this</h2>
<dl class="facts">
<dt>{{ tag('pass') }}</dt><dd>The setting is as the control expects it.</dd>
<dt>{{ tag('fail') }}</dt><dd>It is not.</dd>
<dt>{{ tag('waived') }}</dt><dd>It is not, or nobody can tell, and somebody answers for that until a day.</dd>
<dt>{{ tag('unknown') }}</dt><dd>It cannot be told today, and the report says why. Unknown is never a pass.</dd>
</dl>
<dl class="facts">
<dt>verified</dt><dd>Read from the tenant's own policy at the time given.</dd>
<dt>inferred</dt><dd>Concluded from other signals of the tenant, which are named.</dd>
<dt>attested</dt><dd>A person says so. Who, when, and until when is given.</dd>
<dt>last verified</dt><dd>Seen in an earlier report, at the time given. It says nothing about today.</dd>
<dt>unavailable</dt><dd>There is nothing to go by.</dd>
</dl>
</section>
{% endmacro %}
""",
    "tenant": """\
{% extends 'base' %}
{% from 'macros' import tag, change_line, control_list, notes, identity, proof, glossary with context %}
{% block title %}{{ report.title }}: {{ entry | name | isolated }}{% endblock %}
{% block content %}
<header>
<h1>{{ report.title }}: <bdi>{{ entry | name }}</bdi></h1>
<p class="quiet">As of {{ report.as_of }}, made {{ report.generated | moment }}</p>
</header>
<main id="main">
<section aria-label="Summary">
<p class="lead">{{ tag(entry | state) }} {{ sentence }}</p>
{% if entry.controls %}
<ul class="tiles">
{% for status, title in status_titles.items() %}
<li class="{{ status }}"><b>{{ counts[status] }}</b> {{ title }}</li>
{% endfor %}
</ul>
{% endif %}
{{ notes(entry) }}
</section>
{% if changes %}
<section aria-labelledby="since">
<h2 id="since">Since {{ report.since.generated | moment }}</h2>
<ul class="notes">
{% for title, change in changes %}
<li>{{ title }}: {{ change_line(change) }}</li>
{% endfor %}
</ul>
</section>
{% endif %}
{% for status, title in status_titles.items() if counts[status] %}
<section aria-labelledby="{{ status }}">
<h2 id="{{ status }}">{{ title }}</h2>
{{ control_list(entry.controls | selectattr('status', 'eq', status)) }}
</section>
{% endfor %}
<section aria-labelledby="evidence">
<h2 id="evidence">Evidence</h2>
{{ identity(entry) }}
{{ proof(entry) }}
</section>
{{ glossary() }}
</main>
{% endblock %}
""",
    "fleet": """\
{% extends 'base' %}
{% from 'macros' import tag, plural, until, change_line, control_list, notes, identity, proof, glossary with context %}
{% block title %}{{ report.title }}, {{ report.as_of }}{% endblock %}

{% macro changed(title, changes) %}
{% if changes %}
<details><summary><h3>{{ title }}: {{ changes | length }}</h3></summary><div>
<ul class="notes">
{% for change in changes %}
<li><bdi>{{ names[change.host] }}</bdi>: {{ change_line(change) }}{{ until(change.get('expires')) }}</li>
{% endfor %}
</ul>
</div></details>
{% endif %}
{% endmacro %}

{% macro listed(text, hosts) %}
{% if hosts %}
<p>{{ text }}: {% for host in hosts %}<bdi>{{ names.get(host, host) }}</bdi>{{ ', ' if not loop.last }}{% endfor %}</p>
{% endif %}
{% endmacro %}

{% macro head(text, number=false) %}
<th scope="col"{% if number %} class="number"{% endif %}>{{ text }}</th>
{% endmacro %}

{% macro number(value) %}<td class="number">{{ value }}</td>{% endmacro %}

{% macro drawn(pictures) %}
{% for picture in pictures %}
<figure>
<figcaption>{{ picture.title }}</figcaption>
{{ picture.svg | safe }}
{% if picture.note %}
<p class="quiet small">{{ picture.note }}</p>
{% endif %}
</figure>
{% endfor %}
{% endmacro %}

{% block content %}
<header>
<h1>{{ report.title }}</h1>
<p class="quiet">As of {{ report.as_of }}, made {{ report.generated | moment }}
by {{ report.collection.name }} {{ report.collection.version }}.
{% if report.baselines %}
{# What the inventory wants has another version in each tenant. #}
{% set own = report.baselines | selectattr('id', 'equalto', 'wanted') | list %}
Compared with
{% for baseline in report.baselines if baseline.id != 'wanted' %}
<bdi>{{ baseline.id }} {{ baseline.version or '' }}</bdi>{{ ', ' if not loop.last or own }}
{% endfor %}
{{ 'what the inventory wants of each tenant' if own }}.
{% endif %}
</p>
<nav aria-label="Parts of this report"><ul>
<li><a href="#main">Summary</a></li>
{% if report.since %}
<li><a href="#since">Since last time</a></li>
{% endif %}
{% if report.totals.outlook %}
<li><a href="#outlook">What is coming</a></li>
{% endif %}
<li><a href="#controls">Controls</a></li>
<li><a href="#matrix">Tenants and controls</a></li>
<li><a href="#details">Each tenant</a></li>
<li><a href="#words">How to read this</a></li>
</ul></nav>
</header>
<main id="main">

<section aria-label="Summary">
<p class="lead">{{ sentence }}</p>
<ul class="tiles">
{% for state, count in states.items() %}
<li class="{{ state | replace(' ', '-') }}"><b>{{ count }}</b> {{ state }}</li>
{% endfor %}
{% if report.since %}
<li class="{{ 'fail' if report.since.new_drift else 'pass' }}"><b>{{ report.since.new_drift | length }}</b>
controls newly drifted</li>
<li class="pass"><b>{{ report.since.fixed | length }}</b> controls fixed</li>
{% endif %}
{% if verified is not none %}
<li class="unknown"><b>{{ verified }}%</b> of answers verified</li>
{% endif %}
</ul>
<div class="pictures">
{{ drawn(pictures) }}
{% if worst %}
<section class="card" aria-labelledby="missed">
<h2 id="missed">Missed most often</h2>
<ol>
{% for column in worst %}
<li><a href="#c{{ column.name }}"><bdi>{{ column.title }}</bdi></a>
<span class="code quiet">{{ column.id }}</span>: {{ plural(column.counts.fail, 'tenant') }}</li>
{% endfor %}
</ol>
</section>
{% endif %}
</div>
</section>

{% if report.since %}
<section aria-labelledby="since">
<h2 id="since">Since {{ report.since.generated | moment }}</h2>
{{ changed('New drift', report.since.new_drift) }}
{{ changed('Waivers that expired', report.since.expired_waivers) }}
{{ changed('No longer known', report.since.no_longer_known) }}
{{ changed('Fixed', report.since.fixed) }}
{% if unchanged %}
<p>Nothing has changed.</p>
{% endif %}
{{ listed('Evaluated for the first time', report.since.new_tenants) }}
{{ listed('No longer in the report', report.since.gone_tenants) }}
</section>
{% endif %}

{% if report.totals.outlook %}
<section aria-labelledby="outlook">
<h2 id="outlook">What is coming</h2>
<div class="scroll" role="region" aria-label="Table of what is coming" tabindex="0"><table>
<thead><tr>
{{ head('Date') }}{{ head('What') }}{{ head('Tenants', true) }}{{ head('Users', true) }}
{{ head('Cannot be told', true) }}
</tr></thead>
<tbody>
{% for line in report.totals.outlook %}
<tr><th scope="row">{{ line.date }}</th><td><bdi>{{ line.what }}</bdi></td>
{{ number(line.tenants) }}{{ number(line.users) }}{{ number(plural(line.unknown, 'tenant')) }}</tr>
{% endfor %}
</tbody></table></div>
</section>
{% endif %}

<section aria-labelledby="controls">
<h2 id="controls">Controls</h2>
{% if columns %}
<ul class="legend" aria-hidden="true">
<li class="pass">pass</li><li class="waived">waived</li><li class="unknown">unknown</li><li class="fail">fail</li>
</ul>
<div class="pictures">
{{ drawn(compliance) }}
</div>
<div class="scroll" role="region" aria-label="Table of controls" tabindex="0"><table>
<caption>How many tenants meet each control. The share is of those where it can be told.</caption>
<thead><tr>
{{ head('Control') }}{{ head('Title') }}{{ head('Level') }}{{ head('Pass', true) }}{{ head('Share', true) }}
{{ head('Fail', true) }}{{ head('Waived', true) }}{{ head('Unknown', true) }}
</tr></thead>
<tbody>
{% for column in columns %}
<tr><th scope="row" class="code" id="c{{ column.name }}">{{ column.baseline }} {{ column.control }}</th>
<td><bdi>{{ column.title }}</bdi></td><td>{{ column.level or '' }}</td>
{{ number(column.counts['pass']) }}{{ number(column.share | percent) }}{{ number(column.counts.fail) }}
{{ number(column.counts.waived) }}{{ number(column.counts.unknown) }}</tr>
{% endfor %}
</tbody></table></div>
{% else %}
<p>No control was evaluated.</p>
{% endif %}
</section>

<section class="matrix" aria-labelledby="matrix">
<h2 id="matrix">Tenants and controls</h2>
<p class="small">A small letter tells that a status is not <em>verified</em>: <b>i</b> inferred, <b>a</b> attested,
<b>l</b> last verified. A tenant's name leads to its details.</p>
<div class="tools" id="tools"></div>
<div class="scroll tall" role="region" aria-label="Matrix" tabindex="0"><table id="grid">
<caption class="hidden">The status of each control in each tenant</caption>
<thead>
<tr><th class="corner" scope="col" rowspan="2" data-column="0">Tenant</th>
<th scope="col" rowspan="2" data-column="1">State</th>
<th scope="col" rowspan="2" data-column="2" class="number">Fails</th>
{% for baseline, group in columns | groupby('baseline') %}
<th class="group" scope="colgroup" colspan="{{ group | length }}"><span>{{ baseline }}</span></th>
{% endfor %}
</tr>
<tr>
{% for column in columns %}
<th scope="col" data-column="{{ loop.index + 2 }}" data-control="{{ column.id }}" title="{{ column.title }}">
<a href="#c{{ column.name }}">{{ column.control }}<span class="hidden"> {{ column.title }}</span></a></th>
{% endfor %}
</tr>
</thead>
<tbody>
{% for entry in report.tenants %}
{% set state, row, fails = entry | state, rows[entry.host], entry.controls | failing %}
<tr data-state="{{ state }}" data-details="d{{ loop.index }}">
<th scope="row" data-key="{{ entry | name }}">
<a class="name" href="#t{{ loop.index }}"><bdi>{{ entry | name }}</bdi></a>
<bdi class="hidden">{{ entry.host }} {{ entry.tenant.default_domain or '' if entry.tenant }}</bdi></th>
<td data-key="{{ state }}">{{ tag(state) }}</td><td class="number" data-key="{{ fails }}">{{ fails }}</td>
{% for column in columns %}
{% with control = row.get(column.id) %}
{% if control %}
<td class="{{ control.status }}">{{ control.status }}{{ marks[control.grade] | safe }}</td>
{% else %}
<td><span class="hidden">not evaluated</span></td>
{% endif %}
{% endwith %}
{% endfor %}
</tr>
{% endfor %}
</tbody></table></div>
</section>

<section class="details" aria-labelledby="details">
<h2 id="details">Each tenant</h2>
{% for entry in report.tenants %}
<details id="d{{ loop.index }}">
<summary><h3><bdi>{{ entry | name }}</bdi></h3>{{ tag(entry | state) }}
<span class="quiet small"><bdi>{{ entry.host }}</bdi></span></summary>
<div id="t{{ loop.index }}">
{{ notes(entry) }}
{% for status in ('fail', 'unknown', 'waived') %}
{{ control_list(entry.controls | selectattr('status', 'eq', status)) }}
{% endfor %}
{% with passing = entry.controls | selectattr('status', 'eq', 'pass') | list %}
{% if passing %}
<details><summary>{{ plural(passing | length, 'control passes', 'controls pass') }}</summary>
<div>{{ control_list(passing) }}</div></details>
{% endif %}
{% endwith %}
{{ identity(entry) }}
{{ proof(entry) }}
{% if files %}
<p><a href="tenants/{{ files[entry.host] | urlencode }}">The page for this client</a></p>
{% endif %}
</div></details>
{% endfor %}
</section>

{{ glossary() }}
</main>
<script>{{ script | safe }}</script>
{% endblock %}
""",
}
