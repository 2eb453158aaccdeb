"""Tells the suite what happens, a line each. See ../../testing/foreign-client.ts."""
import json


def write(kind, value):
    print(kind, json.dumps(value), flush=True)


def write_message(text):
    """Tells a message of the gateway. Returns whether it is the last of the test."""
    print('message', text, flush=True)
    return is_last(text)


def is_last(text):
    try:
        return json.loads(text)['type'] == 'interop.last'
    except ValueError:
        return False
