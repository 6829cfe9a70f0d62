import { useApolloClient } from '@apollo/client/react';
import { useActionState } from 'react';
import type { PredictTripInput } from './gql/graphql.ts';
import { PREDICT_TRIP, PREDICT_TRIPS } from './operations.ts';
import { messageOf, refusalIn } from './refusal.ts';
import { wait } from './session.ts';

const ZONES = 263;

/** Submits one trip, or many rows as one task. */
export function SubmitTrips() {
  const apollo = useApolloClient();

  function submitTrip(form: FormData): Promise<void> {
    const number = (name: string) => Number(form.get(name));
    const input: PredictTripInput = {
      pickupLocationId: number('pickup'),
      dropoffLocationId: number('dropoff'),
      tripDistanceMiles: number('miles'),
    };
    return untilAccepted((options) =>
      apollo.mutate({ mutation: PREDICT_TRIP, variables: { input, options } }),
    );
  }

  function submitRows(form: FormData): Promise<void> {
    const inputs = Array.from({ length: Number(form.get('rows')) }, (_, i) => madeTrip(i));
    return untilAccepted((options) =>
      apollo.mutate({ mutation: PREDICT_TRIPS, variables: { inputs, options } }),
    );
  }

  return (
    <>
      <SubmitForm label="Predict trip" submit={submitTrip}>
        <NumberInput label="From zone" name="pickup" value={74} />
        <NumberInput label="To zone" name="dropoff" value={75} />
        <NumberInput label="Miles" name="miles" value={1.44} />
      </SubmitForm>
      <SubmitForm label="Predict rows" submit={submitRows}>
        <NumberInput label="Made-up trips" name="rows" value={10_000} />
      </SubmitForm>
    </>
  );
}

interface SubmitFormProps {
  readonly label: string;
  readonly submit: (form: FormData) => Promise<void>;
  readonly children: React.ReactNode;
}

function SubmitForm({ label, submit, children }: SubmitFormProps) {
  const [problem, action, isPending] = useActionState<string | undefined, FormData>(async (_before, form) => {
    try {
      await submit(form);
      return undefined;
    } catch (error) {
      return messageOf(error);
    }
  }, undefined);
  return (
    <form action={action}>
      {children}
      <button type="submit" disabled={isPending}>
        {label}
      </button>
      {problem !== undefined && <p role="alert">{problem}</p>}
    </form>
  );
}

function NumberInput({ label, name, value }: { label: string; name: string; value: number }) {
  return (
    <label>
      {label} <input name={name} type="number" step="any" defaultValue={value} required />
    </label>
  );
}

/**
 * Sends a mutation again as long as Tidings says that it may be accepted later. All tries have one `requestId`, so they
 * make one task.
 */
async function untilAccepted(send: (options: { requestId: string }) => Promise<unknown>): Promise<void> {
  const options = { requestId: crypto.randomUUID() };
  for (;;) {
    try {
      await send(options);
      return;
    } catch (error) {
      const retryAfterMs = refusalIn(error)?.retryAfterMs;
      if (retryAfterMs === undefined) throw error;
      await wait(retryAfterMs);
    }
  }
}

function madeTrip(i: number): PredictTripInput {
  return {
    pickupLocationId: 1 + (i % ZONES),
    dropoffLocationId: 1 + ((i * 7) % ZONES),
    tripDistanceMiles: 0.5 + (i % 100) / 10,
  };
}
