"""The CloudEvents SDK for Python makes and encodes the events of the plan; requests sends them. Arguments: URL and the SDK's major version."""
import base64
import json
import sys

import requests

from lines import write

URL, MAJOR = sys.argv[1:3]
PLAN = json.load(sys.stdin)


def attributes_of(event):
    attributes = {'id': event['name'], 'source': event['source'], 'type': 'interop.sdk', **event['extensions']}
    if event['subject'] != '':
        attributes['subject'] = event['subject']
    if event['contentType'] != '':
        attributes['datacontenttype'] = event['contentType']
    return attributes


def data_of(event):
    read = {'json': json.loads, 'text': str, 'bytes': base64.b64decode, 'none': lambda _: None}
    return read[event['kind']](event['text'])


def encode_1(event):
    from cloudevents.conversion import to_binary, to_structured
    from cloudevents.http import CloudEvent

    made = CloudEvent(attributes_of(event), data_of(event))
    if event['mode'] == 'structured':
        return to_structured(made)
    # Version 1 leaves it to the caller how data become bytes.
    marshal = {'json': lambda data: json.dumps(data).encode(), 'text': str.encode, 'bytes': lambda data: data, 'none': lambda _: b''}
    return to_binary(made, data_marshaller=marshal[event['kind']])


def encode_2(event):
    from cloudevents.core.bindings.http import to_binary_event, to_structured_event
    from cloudevents.core.v1.event import CloudEvent

    made = CloudEvent(attributes_of(event), data_of(event))
    message = to_structured_event(made) if event['mode'] == 'structured' else to_binary_event(made)
    return message.headers, message.body


encode = {'1': encode_1, '2': encode_2}[MAJOR]
for event in PLAN:
    try:
        headers, body = encode(event)
        answer = requests.post(URL, headers=headers, data=body, timeout=20)
        write('sent', {'name': event['name'], 'status': answer.status_code, **({} if answer.ok else {'error': answer.text})})
    except Exception as error:  # The suite reports it.
        write('sent', {'name': event['name'], 'error': repr(error)})
