import { INIT_MOMENTS, type InitMoment, type Meeting, type Plan, type WithNode } from './plan.js'

/** One part of a plan as a process comes to it: a step's instructions of a moment. */
export interface Part {
  readonly moment: InitMoment | 'host.open'
  readonly step: number
}

/** Init waits for what the host side has to do at a moment. */
export interface Rendezvous {
  readonly meets: readonly { readonly step: number; readonly meeting: Meeting }[]
}

/**
 * Init's way through a plan: what it does by itself, and where it waits. It begins with a rendezvous always, the gate:
 * until then init's pid may not be known, nor the supervisor alive.
 */
export function initsWay({ steps, opens }: Plan): (Part | Rendezvous)[] {
  const act = (moment: Part['moment']): Part[] =>
    [...steps.keys()].filter((step) => steps[step]?.[moment]?.length).map((step) => ({ moment, step }))
  return INIT_MOMENTS.flatMap((moment, index) => {
    const meets = steps.flatMap((step, at) =>
      (step.meets ?? []).filter((meeting) => meeting.at === moment).map((meeting) => ({ step: at, meeting })),
    )
    return [
      ...(index === 0 || meets.length > 0 ? [{ meets }] : []),
      ...act(moment),
      ...(moment === 'init.enter' && opens === 'init' ? act('host.open') : []),
    ]
  })
}

export const isRendezvous = (place: Part | Rendezvous): place is Rendezvous => 'meets' in place

/** The fds that init hands over, in the order in which it does: each with the name that it is to have with Node, if any. */
export const handedOver = (plan: Plan): Pick<Meeting, 'hands' | 'toNode'>[] =>
  initsWay(plan).flatMap((place) =>
    isRendezvous(place) ? place.meets.flatMap(({ meeting }) => (meeting.hands === undefined ? [] : [meeting])) : [],
  )

/** What Node has to do at a plan's meetings, in the order in which they take place. */
export const nodesParts = (plan: Plan): WithNode[] =>
  initsWay(plan).flatMap((place) =>
    isRendezvous(place) ? place.meets.flatMap(({ meeting }) => (meeting.node ? [meeting.node] : [])) : [],
  )
