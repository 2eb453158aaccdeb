import { podRefusalOf } from './pod-refusal.ts'
import { conditionOf, isSeen, runningDeployment, type Deployment } from '../children/running-gateway.ts'
import type { Plan } from '../plan-types.ts'
import { asFalse, asTrue, type Assessment } from './condition-list.ts'
import { assessTrouble } from './troubled-pods.ts'
import type { World } from '../world.ts'

/**
 * Assesses whether clients find a gateway.
 *
 * After a change of the channel, only the end of the roll-out counts: every pod is of the new template and available. After that, one available pod is enough
 * until the channel changes again. So a serving channel stays ready while pods restart or move, while the autoscaler adds pods, and while an upgrade of the
 * operator replaces them. A roll-out past its deadline makes it unready even if some pods serve.
 *
 * A refusal of pods is reported at every stage, before its consequences. The deadline passes, and the refusal remains the reason.
 */
export function assessGateway(world: World, plan: Plan): Assessment {
  const deployment = runningDeployment(world)
  if (deployment === null)
    return plan.holdsGatewayBack
      ? asFalse('WaitingForTopic', 'No pods are started before the topic is known.')
      : asFalse('GatewayProgressing', 'The Deployment is being created.')
  const wanted = deployment.spec?.replicas ?? 1
  const { replicas = 0, availableReplicas = 0 } = deployment.status ?? {}
  if (isHeldByPause(deployment, wanted))
    return asFalse(
      'RolloutPaused',
      `The roll-out is paused (kubectl rollout pause). Resume it with kubectl rollout resume deployment/${deployment.metadata.name}. Running pods stay as they are.`,
    )
  if (wanted === 0)
    return replicas === 0
      ? asTrue('ScaledToZero', 'The channel asks for no pods, so no client can connect.')
      : asFalse('GatewayProgressing', 'Pods are being stopped.')
  const refusal = podRefusalOf(deployment)
  const isLate = isPastDeadline(deployment)
  if (!isLate && wasAvailable(world) && availableReplicas > 0)
    return asTrue('PodsAvailable', refusal === null ? available.message : `${available.message} ${refusal.message}`)
  if (isComplete(deployment, wanted)) return available
  if (refusal !== null) return asFalse(refusal.reason, refusal.message)
  return assessTrouble(world.troubledPods, isLate ? 'stalled' : stageOf(deployment))
}

const available = asTrue('PodsAvailable', 'Gateway pods are available.')

/** Returns whether every pod is of the new template and available. */
function isComplete(deployment: Deployment, wanted: number): boolean {
  const { replicas = 0, updatedReplicas = 0, availableReplicas = 0 } = deployment.status ?? {}
  return (
    isSeen(deployment) &&
    !isPastDeadline(deployment) &&
    updatedReplicas >= wanted &&
    replicas <= updatedReplicas &&
    availableReplicas >= wanted
  )
}

function stageOf(deployment: Deployment): 'unavailable' | 'progressing' {
  const isRolledOut = isSeen(deployment) && conditionOf(deployment, 'Progressing')?.reason === 'NewReplicaSetAvailable'
  return isRolledOut && (deployment.status?.availableReplicas ?? 0) === 0 ? 'unavailable' : 'progressing'
}

/** Returns whether gateways were available in this generation. The status of an earlier generation does not count. */
function wasAvailable({ channel }: World): boolean {
  const before = channel.status?.conditions?.find(({ type }) => type === 'GatewayAvailable')
  return before?.status === 'True' && before.observedGeneration === channel.metadata.generation
}

/** Returns whether a pause holds the roll-out back. A pause after a complete roll-out does not. */
function isHeldByPause(deployment: Deployment, wanted: number): boolean {
  return deployment.spec?.paused === true && isSeen(deployment) && (deployment.status?.updatedReplicas ?? 0) < wanted
}

function isPastDeadline(deployment: Deployment): boolean {
  return isSeen(deployment) && conditionOf(deployment, 'Progressing')?.reason === 'ProgressDeadlineExceeded'
}
