"""Receives by httpx-sse, and comes back as its documentation says. Arguments: URL and token."""
import sys
import time

import httpx
from httpx_sse import connect_sse

from lines import write, write_message

URL, TOKEN = sys.argv[1:3]
headers = {'Authorization': f'Bearer {TOKEN}'}
retry_s = 1


def receive():
    """Receives until the stream ends. Returns whether the last message has come."""
    global retry_s
    with httpx.Client(timeout=httpx.Timeout(10, read=60)) as client, connect_sse(client, 'GET', URL, headers=headers) as source:
        source.response.raise_for_status()
        write('open', {})
        for event in source.iter_sse():
            if event.id:
                headers['Last-Event-ID'] = event.id
            if event.retry is not None:
                retry_s = event.retry / 1000
            if write_message(event.data):
                return True
    return False


while True:
    try:
        if receive():
            break
    except httpx.TransportError:
        pass  # The connection was cut.
    time.sleep(retry_s)
