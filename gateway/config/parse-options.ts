import { failed, ok, type Result } from '../../program/result.ts'
import type { OptionError } from '../../program/options/option-error.ts'
import type { OptionReader } from '../../program/options/read-option.ts'
import type { Environment } from '../../program/options/read-options.ts'
import { gatewayOptions } from './bind-options.ts'
import type { Config, OptionName, Options } from './options.ts'

/**
 * Reads all options of the gateway and checks the rules between them. Pure, but for the injected look at files.
 * @returns the frozen configuration, or every error there is, at once
 */
export function parseOptions(env: Environment, reader: OptionReader): Result<Config, readonly OptionError[]> {
  const reading = gatewayOptions.read(env, reader)
  const { values, invalid } = reading
  const isDevelopment = values.nodeEnv !== 'production' && !invalid.has('nodeEnv') && !hasKeys(values, invalid)
  const loopback = isDevelopment ? { host: '127.0.0.1', internalHost: '127.0.0.1' } : {}
  const config: Config = Object.freeze({ ...values, ...loopback, isDevelopment })
  const errors = gatewayOptions.errorsOf(reading, config)
  return errors.length === 0 ? ok(config) : failed(errors)
}

/** Returns true for keys that cannot be read, too: they show that development mode is not wanted. */
function hasKeys(values: Options, invalid: ReadonlySet<OptionName>): boolean {
  return values.jwtJwksUri !== '' || values.jwtKeysFile !== '' || invalid.has('jwtJwksUri') || invalid.has('jwtKeysFile')
}
