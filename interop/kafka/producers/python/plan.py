"""Reads the plan from standard input and reports to standard output. See ../../testing/plan.ts."""
import json
import sys

PLAN = json.load(sys.stdin)


def event_headers(event_id, user):
    """Returns the headers that make a record a CloudEvent in binary mode."""
    return [
        ('ce_specversion', b'1.0'),
        ('ce_id', event_id.encode()),
        ('ce_source', b'/interop'),
        ('ce_type', b'interop.record'),
        ('ce_audience', b'{"users":["' + user.encode() + b'"]}'),
    ]


def headers_of(case, n):
    """Returns the headers of record n of a case."""
    headers = event_headers(f"{case['name']}/{n}", case['user'])
    if not case['nullValue']:
        headers.append(('content-type', b'application/json'))
    if case['nullHeader']:
        headers.append(('x-null', None))
    return headers


def value_of(case):
    """Returns the value that all records of a case have, or None."""
    if case['nullValue']:
        return None
    return ('{"pad":"' + PLAN['pad'][:case['padBytes']] + '"}').encode()


def report(name, sent, error=None):
    """Tells the suite how many records of a case the broker acknowledged."""
    line = {'name': name, 'sent': sent}
    if error is not None:
        line['error'] = repr(error)
    print(json.dumps(line), flush=True)


def report_each(produce):
    """Runs all cases. A case that fails does not stop the others."""
    for case in PLAN['cases']:
        try:
            produce(case)
            report(case['name'], case['count'])
        except Exception as error:  # The suite reports it.
            report(case['name'], 0, error)
