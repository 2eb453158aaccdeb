import { ApiObject, JsonPatch, type ApiObjectMetadata } from 'cdk8s'
import type { Construct } from 'constructs'
import { classAnnotations, classKind, classSpecSchema, type RealtimeChannelClassSpec } from '../api/v1alpha1/realtime-channel-class.ts'
import { apiVersion } from '../api/v1alpha1/realtime-channel.ts'
import { checkBySchema } from '../api/read-schema.ts'

/** Fields of `spec`, as in a manifest, and the metadata. docs/reference/realtimechannelclass.md describes each. */
export type RealtimeChannelClassProps = RealtimeChannelClassSpec & {
  /** Name, labels, annotations. Without a name, cdk8s makes one from the construct's path. */
  readonly metadata?: Omit<ApiObjectMetadata, 'namespace'>
  /**
   * True: channels that name no class have this one.
   * @default false
   */
  readonly isDefault?: boolean
}

/**
 * A class: values for what channels leave out, and limits on what they may ask for. It belongs to the whole cluster, so it ignores the namespace of its
 * chart.
 *
 * The constructor already throws what the API server would refuse, all of it at once.
 */
export class RealtimeChannelClass extends ApiObject {
  /** @throws Error that names every wrong field, what was expected, and why */
  constructor(scope: Construct, id: string, { metadata = {}, isDefault = false, ...spec }: RealtimeChannelClassProps) {
    const annotations = isDefault ? { ...metadata.annotations, [classAnnotations.isDefault]: 'true' } : metadata.annotations
    super(scope, id, {
      apiVersion,
      kind: classKind,
      metadata: { ...metadata, ...(annotations === undefined ? {} : { annotations }) },
      spec,
    })
    if (this.metadata.namespace !== undefined) this.addJsonPatch(JsonPatch.remove('/metadata/namespace'))
    const problems = checkBySchema(classSpecSchema, spec, 'spec')
    if (problems.length > 0)
      throw new Error(
        `RealtimeChannelClass ${this.node.path} would be refused:\n${problems.map(({ path, message }) => `- ${path}: ${message}`).join('\n')}`,
      )
  }

  /** Value for `className` of channels. */
  get className(): string {
    return this.name
  }
}
