/** The smallest whole system: a broker, two gateways and a worker, each a process. */
import { type NatsServer, startNats } from './natsServer.ts';
import { type Gateway, type Process, startGateway, startWorker } from './processes.ts';

export interface SmallSystem extends AsyncDisposable {
  readonly nats: NatsServer;
  readonly gateway: Gateway;
  readonly otherGateway: Gateway;
  readonly worker: Process;
}

/** @param env the environment of all gateways and workers. */
export async function startSmallSystem(env: Readonly<Record<string, string>> = {}): Promise<SmallSystem> {
  const nats = await startNats();
  const [gateway, otherGateway, worker] = await Promise.all([
    startGateway(nats, env),
    startGateway(nats, env),
    startWorker(nats, env),
  ]);
  return {
    nats,
    gateway,
    otherGateway,
    worker,
    async [Symbol.asyncDispose]() {
      await Promise.all([gateway, otherGateway, worker].map((each) => each[Symbol.asyncDispose]()));
      await nats[Symbol.asyncDispose]();
    },
  };
}
