import type { ObjectMeta, ResourceType } from '../kubernetes.ts'
import { apiGroup, specSchema, type apiVersion, type RealtimeChannelSpec } from './realtime-channel.ts'
import { allowed } from './schema/allowed.ts'
import { defaultsOf } from './schema/defaults.ts'
import type { Effective, JsonSchema, Written } from './schema/json-schema.ts'

/**
 * The resource `RealtimeChannelClass` of `carillon.dev/v1alpha1`, written once, as `RealtimeChannel` is. It holds what a platform team provides to
 * channels, and what it allows them.
 */
export const classSpecSchema = {
  type: 'object',
  description: 'Values that channels of the class get, and limits on what they may ask for.',
  default: {},
  properties: {
    defaults: defaultsOf(specSchema),
    allowed,
  },
} as const satisfies JsonSchema

export const classKind = 'RealtimeChannelClass'

export const classType: ResourceType = {
  group: apiGroup,
  version: 'v1alpha1',
  plural: 'realtimechannelclasses',
  kind: classKind,
  isNamespaced: false,
}

/** `allowed` as users write it. */
export type AllowedSpec = Written<typeof allowed>

/** `allowed` with its defaults. */
export type EffectiveAllowed = Effective<typeof allowed>

export interface RealtimeChannelClass {
  readonly apiVersion: typeof apiVersion
  readonly kind: typeof classKind
  readonly metadata: ObjectMeta
  readonly spec: RealtimeChannelClassSpec
}

export interface RealtimeChannelClassSpec {
  readonly defaults?: RealtimeChannelSpec
  readonly allowed?: AllowedSpec
}

export const classAnnotations = {
  /** "true": the class of channels that name none. */
  isDefault: `${apiGroup}/is-default-class`,
} as const
