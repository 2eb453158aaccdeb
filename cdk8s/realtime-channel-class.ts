import { ApiObject, JsonPatch, type ApiObjectMetadata } from 'cdk8s'
import type { Construct } from 'constructs'
import { classAnnotations, classKind, classSpecSchema, type RealtimeChannelClassSpec } from '../api/v1alpha1/realtime-channel-class.ts'
import { apiVersion } from '../api/v1alpha1/realtime-channel.ts'
import { checkBySchema } from '../api/read-schema.ts'

/** The fields of `spec`, as in a manifest, and the metadata. docs/reference/realtimechannelclass.md describes each. */
export type RealtimeChannelClassProps = RealtimeChannelClassSpec & {
  /** Name, labels, annotations. Without a name cdk8s makes one of the construct's path. */
  readonly metadata?: Omit<ApiObjectMetadata, 'namespace'>
  /**
   * Whether channels that name no class have this one.
   * @default false
   */
  readonly isDefault?: boolean
}

/**
 * What channels get where they say nothing, and what they may ask for. It is of the whole cluster, and leaves out the namespace of its chart.
 *
 * What the API server would refuse is thrown here already, all of it at once.
 */
export class RealtimeChannelClass extends ApiObject {
  /** @throws Error that names every field which is wrong, what was expected, and why */
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

  /** For `className` of channels. */
  get className(): string {
    return this.name
  }
}
