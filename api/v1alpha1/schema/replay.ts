import { options } from '../../../gateway/config/options.ts'
import type { JsonSchema } from './json-schema.ts'
import { durationPattern } from './parts.ts'
import { durationBetween, isAtMost, nanoOf, optionPair } from './rules.ts'

export const replay = {
  type: 'object',
  description: 'Events that a pod holds for clients that resume.',
  default: {},
  properties: {
    window: {
      type: 'string',
      description: 'Age up to which events are held, such as 5m. A pod reads that far back before it is ready.',
      maxLength: 32,
      pattern: durationPattern,
      default: '5m',
      'x-kubernetes-validations': [durationBetween('window', '1s', '24h')],
    },
    maxBytes: {
      'x-kubernetes-int-or-string': true,
      description: 'Memory that held events may take, such as 64Mi. The memory of a pod follows from it.',
      maxLength: 16,
      pattern: '^[0-9]{1,10}(Ki|Mi|Gi)?$',
      default: '64Mi',
      'x-kubernetes-validations': [
        {
          rule: "quantity(string(self)).compareTo(quantity('64Ki')) >= 0 && quantity(string(self)).compareTo(quantity('8Gi')) <= 0",
          message: 'maxBytes must be from 64Ki to 8Gi',
          holds: (self: string | number) => isAtMost(nanoOf('64Ki'), nanoOf(self)) && isAtMost(nanoOf(self), nanoOf('8Gi')),
        },
      ],
    },
  },
} as const satisfies JsonSchema

const count = (option: { readonly min: number; readonly max: number; readonly default: number }, description: string) =>
  ({ type: 'integer', description, minimum: option.min, maximum: option.max, default: option.default }) as const satisfies JsonSchema

export const limits = {
  type: 'object',
  description: 'Limits on connections and on what clients and emitters send.',
  default: {},
  properties: {
    connectionsPerPod: count(options.maxConnections, 'Connections of one pod.'),
    connectionsPerUser: count(options.maxConnectionsPerUser, 'Connections of one user to one pod.'),
    connectionsPerSecond: count(options.upgradeRatePerS, 'Connections that one pod accepts per second.'),
    connectionsBurst: count(options.upgradeBurst, 'Connections that one pod accepts at once.'),
    eventBytes: count(options.maxEventBytes, 'Largest event, in bytes.'),
    audienceMembers: {
      type: 'integer',
      description: `Most users, organizations and roles together that one event may name. Default: ${options.maxAudienceSize.default}.`,
      minimum: options.maxAudienceSize.min,
      maximum: options.maxAudienceSize.max,
    },
  },
  'x-kubernetes-validations': [optionPair('upgradeBurst', 'upgradeRatePerS')],
} as const satisfies JsonSchema
