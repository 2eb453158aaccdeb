import { brokenRules, readSchema, type Reading } from '../../../api/read-schema.ts'
import {
  specSchema,
  type RealtimeChannel,
  type RealtimeChannelSpec,
  type StoredSpec,
  type WrittenChannel,
} from '../../../api/v1alpha1/realtime-channel.ts'
import { failed, ok, type Result } from '../../../program/result.ts'
import type { ConditionReason } from '../condition-reasons.ts'
import { mergeDefaults } from './merge-defaults.ts'

/** Reason why nothing is done for a channel. */
export interface ChannelRefusal {
  readonly reason: ConditionReason
  /** The request, the state and the remedy. */
  readonly message: string
}

/**
 * Returns the channel with the defaults of its class, and then those of the schema.
 * @returns a refusal when something is missing that neither gives, or the two together break a rule of the schema
 */
export function effectiveChannel(channel: WrittenChannel, defaults: RealtimeChannelSpec): Result<RealtimeChannel, ChannelRefusal> {
  const reading = readEffective(channel.spec, defaults)
  const spec = reading.stored as StoredSpec // read by the schema that the type is made of
  const missing = missingIn(spec)
  if (missing.length > 0)
    return failed({
      reason: 'SpecIncomplete',
      message: `${missing.map(({ path, what }) => `${path} is missing: ${what}.`).join(' ')} ${whereToSet}`,
    })
  const broken = brokenRules(reading)
  if (broken.length > 0)
    return failed({ reason: 'SpecInvalid', message: `${broken.map(({ path, message }) => `${path}: ${message}.`).join(' ')} ${whereFrom}` })
  return ok({ ...channel, spec })
}

/** Returns the spec with all defaults, unchecked. Required fields may be missing, which the deletion of a channel does not need. */
export function effectiveSpec(own: RealtimeChannelSpec, defaults: RealtimeChannelSpec): StoredSpec {
  return readEffective(own, defaults).stored as StoredSpec // read by the schema that the type is made of
}

function readEffective(own: RealtimeChannelSpec, defaults: RealtimeChannelSpec): Reading {
  return readSchema(specSchema, mergeDefaults(own, defaults), { path: 'spec', withDefaults: true })
}

const whereToSet = 'Set it in the channel, or in spec.defaults of its class.'
const whereFrom =
  'These are the values of the channel with what its class and the schema fill in. Change one of them in the channel, or in spec.defaults of its class.'

interface Missing {
  readonly path: string
  readonly what: string
}

/** Returns the missing required fields. The API server cannot require them, because they may come from the class. */
function missingIn({ auth, route }: RealtimeChannelSpec): readonly Missing[] {
  const { uri, secretRef, configMapRef } = auth?.jwks ?? {}
  const hasKeys = uri !== undefined || secretRef !== undefined || configMapRef !== undefined
  const hasOrigins = auth?.allowedOrigins !== undefined || auth?.dangerouslyAllowAnyOrigin === true
  const needed: readonly (readonly [isThere: boolean, missing: Missing])[] = [
    [hasKeys, { path: 'spec.auth.jwks', what: 'the keys that verify tokens, as uri, secretRef or configMapRef' }],
    [auth?.issuer !== undefined, { path: 'spec.auth.issuer', what: 'the only `iss` that is accepted' }],
    [auth?.audience !== undefined, { path: 'spec.auth.audience', what: 'what a token must name in `aud`' }],
    [hasOrigins, { path: 'spec.auth.allowedOrigins', what: 'the origins whose pages may connect (or dangerouslyAllowAnyOrigin: true)' }],
    [
      route?.type === 'None' || route?.host !== undefined,
      { path: 'spec.route.host', what: 'a route needs a host, the name that browsers use (or type: None)' },
    ],
    [
      route?.type !== 'HTTPRoute' || route.parentRefs !== undefined,
      { path: 'spec.route.parentRefs', what: 'an HTTPRoute needs the Gateways that it attaches to' },
    ],
  ]
  return needed.filter(([isThere]) => !isThere).map(([, missing]) => missing)
}
