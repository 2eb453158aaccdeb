"""The CloudEvents SDK for Python makes and encodes the events of the plan. The argument is its major version; confluent-kafka sends them."""
import sys

from confluent_kafka import Producer

from plan import PLAN, report


def attributes_of(event):
    attributes = {'id': event['id'], 'source': '/interop', 'type': 'interop.sdk', 'audience': '{"users":["%s"]}' % event['user']}
    if event['contentType'] is not None:
        attributes['datacontenttype'] = event['contentType']
    return attributes


DATA = {'json': {'a': 1}, 'text': 'héllo', 'none': None}


def encode_1(event):
    """Version 1 sends no content type with a structured event, unless the event has a datacontenttype."""
    import json

    from cloudevents.http import CloudEvent
    from cloudevents.kafka import to_binary, to_structured

    made = CloudEvent(attributes_of(event), DATA[event['data']])
    if event['mode'] == 'structured':
        return to_structured(made)
    # Version 1 leaves it to the caller how data become bytes.
    plain = {'json': lambda data: json.dumps(data).encode(), 'text': str.encode, 'none': lambda _: None}
    return to_binary(made, data_marshaller=plain[event['data']])


def encode_2(event):
    from cloudevents.core.bindings.kafka import to_binary_event, to_structured_event
    from cloudevents.core.v1.event import CloudEvent

    made = CloudEvent(attributes_of(event), DATA[event['data']])
    return to_structured_event(made) if event['mode'] == 'structured' else to_binary_event(made)


encode = {'1': encode_1, '2': encode_2}[sys.argv[1]]
producer = Producer({'bootstrap.servers': PLAN['brokers'], 'message.timeout.ms': 20000})
for event in PLAN['events']:
    try:
        message = encode(event)
        failures = []
        producer.produce(PLAN['topic'], message.value, key=message.key, headers=list(message.headers.items()), on_delivery=lambda error, _: failures.append(error) if error else None)
        if producer.flush(20) > 0 or failures:
            raise RuntimeError(f'the record is not acknowledged; {failures}')
        report(event['id'], 1)
    except Exception as error:  # The suite reports it.
        report(event['id'], 0, error)
