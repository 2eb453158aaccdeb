import { createHash } from 'node:crypto'
import type { ResourceType } from '../kubernetes.ts'
import { apiGroup } from './realtime-channel.ts'
import type { StructuralSchema } from './schema/json-schema.ts'

/** Annotation by which an operator sees that a CustomResourceDefinition in the cluster is not the one of its own release. */
export const schemaHashAnnotation = `${apiGroup}/schema-hash`

/** Parts of a CustomResourceDefinition in which the two resources differ. */
export interface Definition {
  readonly type: ResourceType
  readonly singular: string
  readonly shortName: string
  /** The whole object but `metadata`, which the API server knows itself and refuses to have described. */
  readonly schema: StructuralSchema
  /** Columns of `kubectl get`. Those of priority 1 are shown with `-o wide`. */
  readonly columns: readonly Column[]
  readonly subresources?: Subresources
}

interface Column {
  readonly name: string
  readonly type: string
  readonly jsonPath: string
  readonly description: string
  readonly priority?: number
}

interface Subresources {
  readonly status: object
  readonly scale: { readonly specReplicasPath: string; readonly statusReplicasPath: string; readonly labelSelectorPath: string }
}

/** Returns a CustomResourceDefinition as it is applied. `scripts/generate/main.ts` writes it into the chart. */
export function renderDefinition({ type, singular, shortName, schema, columns, subresources }: Definition) {
  const { kind, plural, version, isNamespaced } = type
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: definitionName(type), annotations: { [schemaHashAnnotation]: hashOf({ schema, columns }) } },
    spec: {
      group: apiGroup,
      scope: isNamespaced ? 'Namespaced' : 'Cluster',
      names: { kind, listKind: `${kind}List`, plural, singular, shortNames: [shortName], categories: ['carillon'] },
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { ...schema, properties: { ...schema.properties, metadata: { type: 'object' } } } },
          ...(subresources === undefined ? {} : { subresources }),
          additionalPrinterColumns: columns,
        },
      ],
    },
  }
}

export const definitionName = ({ plural }: ResourceType): string => `${plural}.${apiGroup}`

/** Returns a hash that differs for another schema, and is the same for the same schema on every machine. */
export function hashOf({ schema, columns }: Pick<Definition, 'schema' | 'columns'>): string {
  return createHash('sha256')
    .update(JSON.stringify([schema, columns]))
    .digest('hex')
    .slice(0, 16)
}
