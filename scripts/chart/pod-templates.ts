import type { KubernetesObject } from '../../api/kubernetes.ts'

/** The API server guarantees this shape. */
export interface PodTemplate {
  readonly metadata?: object
  readonly spec: {
    readonly containers: readonly {
      readonly command?: readonly string[]
      readonly resources?: object
      readonly env?: readonly { readonly name: string; readonly value?: string }[]
    }[]
  }
}

/** Returns the pod template of an object. */
export const podTemplateOf = (object: KubernetesObject): PodTemplate =>
  object.kind === 'Pod' ? (object as unknown as PodTemplate) : (object['spec'] as { readonly template: PodTemplate }).template

/** Returns the objects that have pods, of the kinds that the chart makes. */
export const withPods = (objects: readonly KubernetesObject[]): readonly KubernetesObject[] =>
  objects.filter(({ kind }) => ['Deployment', 'Job', 'Pod'].includes(kind))
