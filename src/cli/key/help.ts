/** What `npm run key` tells of itself. */
export const USAGE = `usage: npm run key -- create --owner <name> [--role <role>] [--expires <time>] [--quota <name>=<limit> …]
       npm run key -- list
       npm run key -- revoke <id>`;

export const HELP = `${USAGE}

create  makes an API key and prints it. It is shown this once only: the broker keeps a digest.
  --owner    the owner of the tasks that are submitted with it, such as a customer or a service
  --role     submitter (default): its owner's tasks. viewer: reads the tasks of all. operator: everything.
  --expires  when it stops to count, such as 90d, 12h or 30m from now. By default it counts until it is revoked.
  --quota    how much may be done with it, such as tasksPerSecond=5. The quotas of its owner hold as well. It may be
             given several times. docs/configuration.md lists the names.

list    lists the keys: id, owner, role, when each was created, was last used (to the hour) and ends, and its quotas.
revoke  revokes a key. Within a second no gateway takes it, and what it has open is closed.

NATS_URL names the broker. If it is unset, it is the broker of the npm start that uses DATA_DIR.`;
