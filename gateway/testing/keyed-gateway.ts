/** A gateway process with keys of its own as in production and the log in the process, which `main.ts` has for development mode only. */
import { createGatewayAdapters } from '../adapters.ts'
import { parseOptions } from '../config/parse-options.ts'
import { startGateway } from '../gateway.ts'
import { isReadable, listenToSignals } from '../process.ts'

const { JWT_KEYS_FILE: jwtKeysFile = '', ...env } = process.env
const parsed = parseOptions(env, { readable: isReadable })
if (!parsed.ok) throw new Error(JSON.stringify(parsed.error))
const config = { ...parsed.value, jwtKeysFile, isDevelopment: false }
const signals = listenToSignals()
const gateway = await startGateway(config, await createGatewayAdapters(config, { env: {}, version: '0.0.0' }))
await signals.first
await gateway.stop()
process.exit(0)
