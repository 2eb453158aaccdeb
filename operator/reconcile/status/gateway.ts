import { podRefusalOf } from './pod-refusal.ts'
import { conditionOf, isSeen, runningDeployment, type Deployment } from '../children/running-gateway.ts'
import type { Plan } from '../plan-types.ts'
import { isFalse, isTrue, type Judgement } from './condition-list.ts'
import { judgeTrouble } from './troubled-pods.ts'
import type { World } from '../world.ts'

/**
 * Whether browsers find a gateway.
 *
 * After a change of the channel, only the end of the roll-out counts: every pod is of the new template and available. From then on, for as long
 * as the channel stays as it is, one available pod is enough: pods that restart or move, that the autoscaler adds, or that an upgrade of the operator
 * exchanges do not make a channel unready that serves. A roll-out past its deadline does, whatever still serves.
 *
 * Why no pods are made is said at every stage, before what is only a consequence of it: the deadline passes, and the reason stays.
 */
export function judgeGateway(world: World, plan: Plan): Judgement {
  const deployment = runningDeployment(world)
  if (deployment === null)
    return plan.holdsGatewayBack
      ? isFalse('WaitingForTopic', 'No pods are started before the topic is known.')
      : isFalse('GatewayProgressing', 'The Deployment is being made.')
  const wanted = deployment.spec?.replicas ?? 1
  const { replicas = 0, availableReplicas = 0 } = deployment.status ?? {}
  if (isHeldByPause(deployment, wanted))
    return isFalse(
      'RolloutPaused',
      `Somebody has paused the roll-out: kubectl rollout resume deployment/${deployment.metadata.name} goes on with it. Pods that run go on as they are.`,
    )
  if (wanted === 0)
    return replicas === 0
      ? isTrue('ScaledToZero', 'The channel asks for no pods: nobody can connect.')
      : isFalse('GatewayProgressing', 'Pods are being stopped.')
  const refusal = podRefusalOf(deployment)
  const isLate = isPastDeadline(deployment)
  if (!isLate && wasAvailable(world) && availableReplicas > 0)
    return isTrue('PodsAvailable', refusal === null ? available.message : `${available.message} ${refusal.message}`)
  if (isComplete(deployment, wanted)) return available
  if (refusal !== null) return isFalse(refusal.reason, refusal.message)
  return judgeTrouble(world.troubledPods, isLate ? 'stalled' : stageOf(deployment))
}

const available = isTrue('PodsAvailable', 'Gateway pods are available.')

/** Every pod is of the new template and available. */
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

/** Of this very generation: the status of an earlier one says nothing of what was asked for since. */
function wasAvailable({ channel }: World): boolean {
  const before = channel.status?.conditions?.find(({ type }) => type === 'GatewayAvailable')
  return before?.status === 'True' && before.observedGeneration === channel.metadata.generation
}

/** A pause of a roll-out that is complete holds nothing back. */
function isHeldByPause(deployment: Deployment, wanted: number): boolean {
  return deployment.spec?.paused === true && isSeen(deployment) && (deployment.status?.updatedReplicas ?? 0) < wanted
}

function isPastDeadline(deployment: Deployment): boolean {
  return isSeen(deployment) && conditionOf(deployment, 'Progressing')?.reason === 'ProgressDeadlineExceeded'
}
