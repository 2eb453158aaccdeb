/**
 * A gateway process with keys of its own as in production and the log in the process, which `main.ts` has for development mode only.
 * `GATEWAY_ROOT` is the URL of the repository whose gateway it is: this one by default.
 */
import process from 'node:process'

const { JWT_KEYS_FILE: jwtKeysFile = '', GATEWAY_ROOT: root = new URL('../../', import.meta.url).href, ...env } = process.env
const load = <T>(path: string): Promise<T> => import(new URL(path, root).href) as Promise<T> // the file that the type names, of that repository

const { createGatewayAdapters } = await load<typeof import('../adapters.ts')>('gateway/adapters.ts')
const { parseOptions } = await load<typeof import('../config/parse-options.ts')>('gateway/config/parse-options.ts')
const { startGateway } = await load<typeof import('../gateway.ts')>('gateway/gateway.ts')
const { isReadable, listenToSignals } = await load<typeof import('../../program/process.ts')>('program/process.ts')

const parsed = parseOptions(env, { readable: isReadable })
if (!parsed.ok) throw new Error(JSON.stringify(parsed.error))
const config = { ...parsed.value, jwtKeysFile, isDevelopment: false }
const signals = listenToSignals()
const gateway = await startGateway(config, await createGatewayAdapters(config, { env: {}, version: '0.0.0' }))
await signals.first
await gateway.stop()
process.exit(0)
