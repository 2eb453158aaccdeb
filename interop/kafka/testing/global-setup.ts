import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { findQuietPortPair } from '../../../testing/free-ports.ts'
import { startBrokerProcess } from '../../../testing/kafka/kafka-process.ts'
import { install } from '../install.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** host:port of the broker that all suites share. */
    readonly interopBrokers: string
    /** Data folder of that broker: suites read its files. */
    readonly interopData: string
  }
}

/** Installs what is missing, and starts one real broker for all suites. @returns a function that ends it */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  await install(console.log)
  const dataDirectory = await mkdtemp(join(tmpdir(), 'carillon-interop-'))
  const removeData = (): Promise<void> => rm(dataDirectory, { recursive: true, force: true })
  try {
    const port = await findQuietPortPair()
    const broker = await startBrokerProcess({ command: 'kafka-server', port, dataDirectory, startTimeoutMs: 150_000 })
    project.provide('interopBrokers', `127.0.0.1:${port}`)
    project.provide('interopData', dataDirectory)
    return async () => {
      await broker.terminate()
      await removeData()
    }
  } catch (error) {
    await removeData()
    throw error
  }
}
