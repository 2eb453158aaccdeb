"""aiokafka. It has no levels; its codecs come from cramjam."""
import asyncio

from aiokafka import AIOKafkaProducer

from plan import PLAN, headers_of, report_each, value_of


async def produce(case):
    codec = None if case['codec'] == 'none' else case['codec']
    producer = AIOKafkaProducer(bootstrap_servers=PLAN['brokers'], compression_type=codec, enable_idempotence=case['idempotent'], acks='all', max_batch_size=1_000_000, request_timeout_ms=20_000)
    await producer.start()
    try:
        batch = producer.create_batch()
        value = value_of(case)
        for n in range(case['count']):
            if batch.append(key=None, value=value, timestamp=None, headers=headers_of(case, n)) is None:
                raise RuntimeError('the records do not fit into one batch')
        await asyncio.wait_for(await producer.send_batch(batch, PLAN['topic'], partition=case['partition']), 20)
    finally:
        await producer.stop()


report_each(lambda case: asyncio.run(produce(case)))
