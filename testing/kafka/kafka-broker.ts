import { mkdtemp, rm } from 'node:fs/promises'
import { rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findFreePortPair } from '../free-ports.ts'
import { startBrokerProcess } from './kafka-process.ts'
import type { BrokerProcess } from './kafka-process.ts'

/** A real single-node Kafka on 127.0.0.1, for tests and scripts. Its data lives in a temporary directory until `stop`. */
export interface KafkaBroker {
  /** Addresses for KAFKA_BROKERS and kafkajs; the same after `restart`. */
  readonly brokers: readonly string[]
  readonly port: number
  /** Process group of the broker; null while it is down. */
  readonly pid: number | null
  /**
   * Sends SIGKILL, like a machine that loses its power, and resolves when the process has ended. The data stays. Does nothing while it is
   * down.
   */
  kill(): Promise<void>
  /**
   * Starts on the same port and data, after an orderly end of a running broker. Resolves when it takes requests: after about 3 s, but after
   * 10 s behind `kill`, because the controller waits until the broker's last session has expired.
   */
  restart(): Promise<void>
  /** Ends the broker and removes its data. Idempotent; nothing can be started afterwards. */
  stop(): Promise<void>
}

export interface StartKafkaOptions {
  /** Port of the broker; the controller takes the next one. @default a free pair */
  readonly port?: number
  /** Longest time for one start. @default 60000 */
  readonly startTimeoutMs?: number
  /** @default 'kafka-server', found on the PATH */
  readonly command?: string
}

/**
 * Starts `kafka-server --port N --data DIR` and waits until it takes requests.
 * @throws when the command is missing (the message says what to install), or the broker does not come up in time (with its last output)
 */
export async function startKafka(options: StartKafkaOptions = {}): Promise<KafkaBroker> {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'carillon-kafka-'))
  // Tries again only with a port of our choice: another process may take it between the look and the use.
  for (let attempt = options.port === undefined ? 1 : 2; ; attempt += 1) {
    const port = options.port ?? (await findFreePortPair())
    try {
      return await startOn(port, dataDirectory, options)
    } catch (error) {
      if (attempt < 2 && String(error).includes('Address already in use')) continue
      await rm(dataDirectory, { recursive: true, force: true })
      throw error
    }
  }
}

async function startOn(port: number, dataDirectory: string, options: StartKafkaOptions): Promise<KafkaBroker> {
  const { command = 'kafka-server', startTimeoutMs = 60_000 } = options
  const start = (): Promise<BrokerProcess> => startBrokerProcess({ command, port, dataDirectory, startTimeoutMs })
  let running: BrokerProcess | null = await start()
  let stopped = false
  const removeData = (): void => rmSync(dataDirectory, { recursive: true, force: true })
  process.once('exit', removeData)

  /** Takes the process out of `running` at once, so that two callers never end or start the same one. */
  const end = async (how: 'kill' | 'terminate'): Promise<void> => {
    const ending = running
    running = null
    await ending?.[how]()
  }
  return {
    brokers: [`127.0.0.1:${port}`],
    port,
    get pid() {
      return running?.isRunning() === true ? running.pid : null
    },
    kill: () => end('kill'),
    restart: async () => {
      if (stopped) throw new Error('this broker was stopped and its data removed; start a new one')
      await end('terminate')
      running = await start()
    },
    stop: async () => {
      stopped = true
      await end('terminate')
      process.off('exit', removeData)
      await rm(dataDirectory, { recursive: true, force: true })
    },
  }
}
