import { ApiObject } from 'cdk8s'
import { k8s } from 'cdk8s-plus-27'
import type { Construct } from 'constructs'
import { childMetadata } from './child-metadata.ts'
import { channelLabels, selectorLabels } from '../../api/labels.ts'
import type { FileMounts } from './mounted-files.ts'
import type { OperandInput } from './operand-input.ts'
import { podSpec, podSpecOfUser } from './pod-spec.ts'

/** The pods of a channel. A new pod has been ready for a moment before an old one begins to drain. */
export class GatewayDeployment extends ApiObject {
  constructor(scope: Construct, id: string, input: OperandInput, files: FileMounts) {
    super(scope, id, manifest(input, files))
  }
}

interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly spec: { readonly template: { readonly spec: { readonly containers: readonly object[] } } }
}

function manifest(input: OperandInput, files: FileMounts): Manifest {
  const known: Manifest = k8s.KubeDeployment.manifest({ metadata: childMetadata(input, 'Deployment'), spec: deploymentSpec(input, files) })
  const { spec } = known
  const containers = spec.template.spec.containers.map((container) => ({ ...container, ...lifecycle(input) }))
  return {
    ...known,
    spec: { ...spec, template: { ...spec.template, spec: { ...spec.template.spec, ...podSpecOfUser(input), containers } } },
  }
}

function deploymentSpec(input: OperandInput, files: FileMounts): k8s.DeploymentSpec {
  const { channel, scaling, spec } = input
  return {
    ...(scaling.kind === 'fixed' ? { replicas: scaling.replicas } : {}),
    selector: { matchLabels: selectorLabels(channel.name) },
    strategy: {
      type: 'RollingUpdate',
      rollingUpdate: { maxUnavailable: k8s.IntOrString.fromNumber(0), maxSurge: k8s.IntOrString.fromString('25%') },
    },
    minReadySeconds: 5,
    progressDeadlineSeconds: 120,
    revisionHistoryLimit: 3,
    template: {
      metadata: {
        labels: { ...spec.gateway.podLabels, ...channelLabels(channel.name) },
        ...(Object.keys(spec.gateway.podAnnotations ?? {}).length > 0 ? { annotations: { ...spec.gateway.podAnnotations } } : {}),
      },
      spec: podSpec(input, files),
    },
  }
}

/**
 * Proxies learn late that a pod is going. Until then the pod accepts connections as before. Kubernetes does the waiting (`sleep`, which is newer than
 * the constructs of cdk8s-plus-27), so the image needs no shell.
 */
function lifecycle({ stopping: { preStopSeconds } }: OperandInput): object {
  return preStopSeconds > 0 ? { lifecycle: { preStop: { sleep: { seconds: preStopSeconds } } } } : {}
}
