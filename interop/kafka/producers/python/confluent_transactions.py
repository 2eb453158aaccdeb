"""Does the steps of the plan one after the other, so that transactions overlap exactly as the suite wrote it down."""
from confluent_kafka import Producer

from plan import PLAN, event_headers, report

producers = {}


def producer_of(name):
    if name not in producers:
        producers[name] = Producer({'bootstrap.servers': PLAN['brokers'], 'transactional.id': PLAN['topic'] + '.' + name})
        producers[name].init_transactions(20)
    return producers[name]


def send(producer, step, value, headers):
    # Each record is flushed, so that the order in the log is the order of the steps.
    producer.produce(PLAN['topic'], value, partition=step['partition'], headers=headers)
    if producer.flush(20) > 0:
        raise RuntimeError('a record is not acknowledged')


def act(step):
    producer = producer_of(step['producer'])
    match step['do']:
        case 'begin':
            producer.begin_transaction()
        case 'event':
            send(producer, step, b'{}', [*event_headers(step['id'], 'u1'), ('content-type', b'application/json')])
        case 'poison':
            send(producer, step, step['id'].encode(), [('content-type', b'application/cloudevents+avro')])
        case 'commit':
            producer.commit_transaction(20)
        case 'abort':
            producer.abort_transaction(20)
        case other:
            raise ValueError(f'unknown step {other}')


done = 0
failure = None
try:
    for step in PLAN['steps']:
        act(step)
        done += 1
except Exception as error:  # The suite reports it.
    failure = error
report('steps', done, failure)
