import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Kafka, logLevel, type IHeaders } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { useKafka } from '../../testing/use.ts'

const script = fileURLToPath(new URL('emit-test.ts', import.meta.url))

async function emitTest(argv: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<{ readonly code: number; readonly output: string }> {
  const child = spawn(process.execPath, [script, ...argv], { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)))
  await once(child, 'close')
  return { code: child.exitCode ?? 1, output }
}

describe('make emit-test, against a real broker', () => {
  const broker = useKafka()
  const read: { readonly value: string; readonly headers: IHeaders; readonly partition: number }[] = []
  let stopReading = async (): Promise<void> => {}

  beforeAll(async () => {
    const kafka = new Kafka({ brokers: [...broker.brokers], logLevel: logLevel.NOTHING })
    const admin = kafka.admin()
    await admin.createTopics({ topics: [{ topic: 'test', numPartitions: 4 }], waitForLeaders: true })
    await admin.disconnect()
    const consumer = kafka.consumer({ groupId: 'emit-test', maxWaitTimeInMs: 100 })
    stopReading = () => consumer.disconnect()
    await consumer.subscribe({ topic: 'test', fromBeginning: true })
    await consumer.run({
      eachMessage: async ({ message, partition }) =>
        void read.push({ value: message.value?.toString() ?? '', headers: message.headers ?? {}, partition }),
    })
  })

  afterAll(async () => {
    await stopReading()
  })

  test.each(['binary', 'structured', 'legacy'])('writes records in %s form, in the order of their user', async (form) => {
    read.length = 0
    const brokers = broker.brokers.join(',')
    const result = await emitTest(['--topic', 'test', '--form', form, '--user', 'ada', '--id', 'n', '--count', '3'], {
      KAFKA_BROKERS: brokers,
    })
    expect(result).toEqual({ code: 0, output: `wrote 3 records (${form}) to test on ${brokers}, for users ada\n` })
    await vi.waitFor(() => expect(read).toHaveLength(3), { timeout: 20_000 })
    expect(read.map(({ value, headers }) => String(headers['ce_id'] ?? (JSON.parse(value) as { readonly id: string }).id))).toEqual([
      'n-1',
      'n-2',
      'n-3',
    ])
    expect(new Set(read.map(({ partition }) => partition)).size).toBe(1)
  })

  test('names a missing topic, and what creates it', async () => {
    expect(await emitTest(['--topic', 'nowhere', '--brokers', broker.brokers.join(',')])).toMatchObject({
      code: 1,
      output: expect.stringMatching(/no topic nowhere[^]*make start/),
    })
  })
})

test('says what to do without a broker, and exits', async () => {
  expect(await emitTest(['--brokers', '127.0.0.1:1'])).toMatchObject({
    code: 1,
    output: expect.stringMatching(/could not write to 127\.0\.0\.1:1.*make infra/s),
  })
})

test('reports all errors in its flags, and writes nothing', async () => {
  expect(await emitTest(['--count', '0', '--form', 'x'])).toMatchObject({ code: 1, output: expect.stringMatching(/--form.*--count/s) })
})
