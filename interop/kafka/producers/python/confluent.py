"""confluent-kafka, which is built on librdkafka."""
from confluent_kafka import Producer

from plan import PLAN, headers_of, report_each, value_of


def produce(case):
    settings = {
        'bootstrap.servers': PLAN['brokers'],
        'compression.type': case['codec'],
        'enable.idempotence': case['idempotent'],
        # The flush below sends earlier: until then records gather in one batch.
        'linger.ms': 5000,
        'message.timeout.ms': 20000,
    }
    if case['level'] is not None:
        settings['compression.level'] = case['level']
    producer = Producer(settings)
    failures = []
    value = value_of(case)
    for n in range(case['count']):
        producer.produce(PLAN['topic'], value, partition=case['partition'], headers=headers_of(case, n), on_delivery=lambda error, _: failures.append(error) if error else None)
    left = producer.flush(20)
    if failures or left:
        raise RuntimeError(f'{left} records are not acknowledged; {failures[:1]}')


report_each(produce)
