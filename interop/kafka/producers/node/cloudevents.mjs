// The CloudEvents SDK for JavaScript makes and encodes the events of the plan; @platformatic/kafka sends them.
import { load, plan, report } from './plan.mjs'

const { Producer } = load('@platformatic/kafka')
const { CloudEvent, Kafka } = load('cloudevents')

const data = { json: { a: 1 }, text: 'héllo', none: undefined }
const bytes = (value) =>
  value === undefined || value === null ? undefined : Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))

function encode(event) {
  const made = new CloudEvent({
    id: event.id,
    source: '/interop',
    type: 'interop.sdk',
    audience: `{"users":["${event.user}"]}`,
    ...(event.contentType === null ? {} : { datacontenttype: event.contentType }),
    ...(event.data === 'none' ? {} : { data: data[event.data] }),
  })
  return event.mode === 'structured' ? Kafka.structured(made) : Kafka.binary(made)
}

const producer = new Producer({ clientId: 'interop', bootstrapBrokers: plan.brokers.split(','), timeout: 20_000, retries: 3, acks: -1 })
for (const event of plan.events) {
  try {
    const { headers, key, value } = encode(event)
    await producer.send({
      messages: [
        {
          topic: plan.topic,
          key: bytes(key),
          value: bytes(value),
          headers: new Map(Object.entries(headers).map(([name, text]) => [Buffer.from(name), bytes(text)])),
        },
      ],
    })
    report(event.id, 1)
  } catch (error) {
    report(event.id, 0, error)
  }
}
await producer.close()
