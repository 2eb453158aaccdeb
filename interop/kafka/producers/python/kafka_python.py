"""kafka-python. It has no levels, and no headers without a value."""
from kafka import KafkaProducer

from plan import PLAN, headers_of, report_each, value_of


def produce(case):
    codec = None if case['codec'] == 'none' else case['codec']
    producer = KafkaProducer(
        bootstrap_servers=PLAN['brokers'],
        compression_type=codec,
        enable_idempotence=case['idempotent'],
        acks='all',
        # The flush below sends earlier: until then records gather in one batch.
        linger_ms=5000,
        batch_size=1_000_000,
        request_timeout_ms=15_000,
        delivery_timeout_ms=20_000,
        metrics_enabled=False,
    )
    value = value_of(case)
    # It refuses a record that has neither key nor value.
    key = b'key' if value is None else None
    try:
        futures = [producer.send(PLAN['topic'], value, key=key, partition=case['partition'], headers=headers_of(case, n)) for n in range(case['count'])]
        producer.flush(20)
        for future in futures:
            future.get(20)
    finally:
        producer.close(5)


report_each(produce)
