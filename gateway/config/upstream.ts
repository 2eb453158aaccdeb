import { type AcceptRule, ruleDefaults } from './accept-rule.ts'
import { parseAcceptRules } from './accept-rules.ts'
import type { Config, Options } from './options.ts'

/** Returns true if the gateway takes events from browsers. */
export const takesSends = ({ upstream, isDevelopment }: Pick<Config, 'upstream' | 'isDevelopment'>): boolean =>
  upstream === 'on' || (upstream === 'auto' && isDevelopment)

/** Returns the topic for events that browsers send. */
export const upstreamTopicOf = (options: Pick<Options, 'kafkaTopic' | 'kafkaUpstreamTopic'>): string =>
  options.kafkaUpstreamTopic === '' ? `${options.kafkaTopic}.upstream` : options.kafkaUpstreamTopic

/** Returns the rules of a configuration that was read; empty: the gateway takes no events from browsers. */
export function acceptRulesOf(config: Pick<Config, 'upstream' | 'upstreamAccept' | 'isDevelopment'>): readonly AcceptRule[] {
  if (!takesSends(config)) return []
  if (config.upstreamAccept === '') return config.isDevelopment ? [developmentRule] : []
  const rules = parseAcceptRules(config.upstreamAccept)
  return rules.ok ? rules.value : [] // the rules between options refuse what cannot be parsed
}

/** Takes events of every type, and shows the sender that they came. */
const developmentRule: AcceptRule = { ...ruleDefaults, match: { kind: 'prefix', text: '' }, roles: null, schema: null, deliverTo: 'self' }

/** Bytes of a frame for the attributes of an event. */
const attributeRoom = 4_096

/**
 * Returns the largest frame that a client may send, in bytes: MAX_INBOUND_FRAME_BYTES, or more if a rule accepts more data. Data in base64 take four
 * bytes for three.
 */
export function maxFrameBytesOf(config: Pick<Config, 'upstream' | 'upstreamAccept' | 'isDevelopment' | 'maxInboundFrameBytes'>): number {
  const largest = Math.max(0, ...acceptRulesOf(config).map(({ maxBytes }) => maxBytes))
  return largest === 0 ? config.maxInboundFrameBytes : Math.max(config.maxInboundFrameBytes, Math.ceil(largest / 3) * 4 + attributeRoom)
}

type FrameRates = Pick<Config, 'inboundFramesPerS' | 'inboundFramesBurst' | 'userFramesPerS' | 'userFramesBurst'>

/**
 * Returns the rates of frames, of a connection and of a user: those of the options, and on top of them all events that the rules let a user send. Without
 * that, a client that keeps to the rules would be closed for its rate.
 */
export function frameRatesOf(config: Pick<Config, 'upstream' | 'upstreamAccept' | 'isDevelopment'> & FrameRates): FrameRates {
  const rules = acceptRulesOf(config)
  const perS = rules.reduce((sum, rule) => sum + rule.ratePerUser, 0)
  const burst = rules.reduce((sum, rule) => sum + rule.burst, 0)
  return {
    inboundFramesPerS: config.inboundFramesPerS + perS,
    inboundFramesBurst: config.inboundFramesBurst + burst,
    userFramesPerS: config.userFramesPerS + perS,
    userFramesBurst: config.userFramesBurst + burst,
  }
}
