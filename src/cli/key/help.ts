/** What `npm run key` tells of itself. */
export const USAGE = `usage: npm run key -- create --owner <name> [--role <role>] [--expires <time>]
       npm run key -- list
       npm run key -- revoke <id>`;

export const HELP = `${USAGE}

create  makes an API key and prints it. It is shown this once only: the broker keeps a digest.
  --owner    the owner of the tasks that are submitted with it, such as a customer or a service
  --role     submitter (default): its owner's tasks. viewer: reads the tasks of all. operator: everything.
  --expires  when it stops to count, such as 90d, 12h or 30m from now. By default it counts until it is revoked.

list    lists the keys: id, owner, role, and when each was created, was last used (to the hour), and ends.
revoke  revokes a key. Within a second no gateway takes it, and what it has open is closed.

NATS_URL names the broker. If it is unset, it is the broker of the npm start that uses DATA_DIR.`;
