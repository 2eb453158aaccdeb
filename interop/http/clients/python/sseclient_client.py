"""Receives by sseclient-py over requests, and comes back with the last id. Arguments: URL and token."""
import sys
import time

import requests
import sseclient

from lines import write, write_message

URL, TOKEN = sys.argv[1:3]
headers = {'Authorization': f'Bearer {TOKEN}', 'Accept': 'text/event-stream'}
retry_s = 1


def receive():
    """Receives until the stream ends. Returns whether the last message has come."""
    global retry_s
    response = requests.get(URL, stream=True, headers=headers, timeout=60)
    response.raise_for_status()
    write('open', {})
    for event in sseclient.SSEClient(response).events():
        if event.id:
            headers['Last-Event-ID'] = event.id
        if event.retry is not None:
            retry_s = int(event.retry) / 1000
        if write_message(event.data):
            return True
    return False


while True:
    try:
        if receive():
            break
    except requests.RequestException:
        pass  # The connection was cut.
    time.sleep(retry_s)
