export const HELP = `report exec --job ID [FLAGS] -- COMMAND...   runs the command, and reports its start, life and end
report start | beat | progress [FRACTION] | checkpoint URI | end completed|failed|cancelled      for shells
report sync [--wait 10m]                     sends what waits: 0 all delivered, 1 some left, 2 some rejected
report status                                what waits, since when, and why

everywhere   --job ID  --source jobs  --url URL  --outbox DIR  --strict
exec         --grace 10s  --linger 2s  --max-runtime 24h  --may-retry  --progress-file FILE  --tail 4k
             --on-ended continue|stop
words        --execution ID; progress: --step N --of N --note TEXT; checkpoint: --step N;
             end: --exit-code N --error TEXT --may-retry
environment  NIGHTSHIFT_URL, _SOURCE, _JOB, _EXECUTION, _OUTBOX, _TOKEN (an ID token), _JOB_TOKEN; flags win
exit code    the command's own; 127 not found, 126 not executable, 125 mistyped, or --strict and cannot report`;
