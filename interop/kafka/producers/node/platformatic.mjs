// @platformatic/kafka. It has no levels.
import { headersOf, load, plan, report, valueOf } from './plan.mjs'

const { Producer } = load('@platformatic/kafka')

async function produce(testCase) {
  const producer = new Producer({
    clientId: 'interop',
    bootstrapBrokers: plan.brokers.split(','),
    timeout: 20_000,
    retries: 3,
    idempotent: testCase.idempotent,
    acks: -1,
    compression: testCase.codec,
  })
  try {
    const messages = Array.from({ length: testCase.count }, (_, n) => ({
      topic: plan.topic,
      partition: testCase.partition,
      value: valueOf(testCase),
      headers: headersOf(testCase, n),
    }))
    await producer.send({ messages })
  } finally {
    await producer.close()
  }
}

for (const testCase of plan.cases) {
  try {
    await produce(testCase)
    report(testCase.name, testCase.count)
  } catch (error) {
    report(testCase.name, 0, error)
  }
}
