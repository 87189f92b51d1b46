import type { Rule } from './rule.ts';

/** Names, connections and servers that do not answer: only where nothing went on afterwards. */
export const NETWORK: readonly Rule[] = [
  {
    name: 'dns-host',
    category: 'network',
    kind: 'exception',
    pattern:
      /Failed to resolve '[^']{1,200}'|Could not resolve (?:host:? )?'?[\w-]{1,60}\.[\w.-]{1,140}|getaddrinfo (?:ENOTFOUND|EAI_AGAIN) \S{1,200}|lookup \S{1,200}(?: on \S{1,60})?: (?:read udp \S{1,100}: )?(?:no such host|i\/o timeout|server misbehaving)|UnknownHostException: \S{1,200}|could not translate host name "[^"]{1,200}"|Cannot connect to host \S{1,200} ssl:.{0,80}(?:Name or service|name resolution|nodename)|Unable to resolve host|DNS resolution failed for \S{1,200}/i,
    example:
      "urllib3.exceptions.NameResolutionError: Failed to resolve 'models.example' ([Errno -2] Name or service not known)",
    counterExample: 'resolved models.example to 10.0.0.7',
  },
  {
    name: 'dns',
    category: 'network',
    kind: 'exception',
    vague: true,
    pattern:
      /Temporary failure (?:in name resolution|resolving)|Name or service not known|nodename nor servname provided|gaierror\b|\bEAI_AGAIN\b|\bENOTFOUND\b/i,
    example: 'socket.gaierror: [Errno -3] Temporary failure in name resolution',
    counterExample: 'name resolution took 3 ms',
  },
  {
    name: 'timed-out',
    category: 'network',
    kind: 'exception',
    pattern:
      /Read timed out\.? ?\(read timeout=|(?:Connect|Read|Write|Pool|Connection)Timeout(?:Error|Exception)?\b|Connection to \S{1,200} timed out|[Cc]onnect(?:ion)? timed out|: operation timed out$|\bnetwork timeout\b|dial tcp \S{1,120}: (?:i\/o timeout|connect)|\bETIMEDOUT\b|ESOCKETTIMEDOUT|net\/http: (?:TLS handshake timeout|request canceled)|SocketTimeoutException|DeadlineExceeded: 504|DEADLINE_EXCEEDED\b|Client\.Timeout exceeded|ServerSelectionTimeout|:\d{2,5}: timed out|timed out waiting for (?:a )?(?:connection|response|server)|Operation timed out after \d{1,9} milliseconds|\[Errno 110\]/,
    example: "HTTPSConnectionPool(host='api.example', port=443): Read timed out. (read timeout=30)",
    counterExample: 'read timeout is 30 s',
  },
  {
    name: 'peer-gone',
    category: 'network',
    kind: 'consequence',
    pattern: /^(?:[\w.]{1,60}\.)?(?:BrokenPipeError|ConnectionResetError)(?:: |$)/,
    example: 'ConnectionResetError: [Errno 104] Connection reset by peer',
    counterExample: "ConnectionError: ('Connection aborted.', ConnectionResetError(104, 'reset'))",
  },
  {
    name: 'connection-bare',
    category: 'network',
    kind: 'exception',
    vague: true,
    pattern:
      /^(?:OSError|ConnectionRefusedError|TimeoutError|socket\.timeout): \[Errno (?:101|104|110|111|113)\] [A-Z][a-z ]{3,60}$|^(?:[\w.]{1,80}\.)?NewConnectionError: /,
    example: 'OSError: [Errno 101] Network is unreachable',
    counterExample: "FileNotFoundError: [Errno 2] No such file or directory: '/data/x'",
  },
  {
    name: 'connection',
    category: 'network',
    kind: 'exception',
    pattern:
      /Connection ?(?:Reset|Refused|Aborted|Closed|Error)(?:Error|Exception)?\b|Connection (?:reset by peer|refused|aborted|closed (?:by|unexpectedly))|(?:HTTPS?ConnectionPool\(host='[^']{1,100}', port=\d{1,5}\): )?Max retries exceeded with url|\bECONN(?:RESET|REFUSED|ABORTED)\b|RemoteDisconnected|RemoteProtocolError|IncompleteRead|ChunkedEncodingError|ProtocolError\b|(?:network|host) (?:is )?unreachable|No route to host|Network is unreachable|ServerDisconnectedError|ClientConnectorError|\[Errno (?:101|104|111|113)\]|Remote end closed connection|SSLError\b|SSL: [A-Z_]{3,60}\]|SSL_ERROR_SYSCALL|CERTIFICATE_VERIFY_FAILED|failed to connect to all addresses|unexpected EOF while reading|RPC failed; curl|early EOF|error sending request for url |Metadata server unavailable|Failed to retrieve http:\/\/metadata\.|transport is closing|Broken pipe\b|(?:Can't|could not|cannot|unable to|failed to) (?:connect|establish a connection)(?: to|: )|Error \d{2,3} connecting to|Lost connection to MySQL|server closed the connection unexpectedly/i,
    example: 'redis.exceptions.ConnectionError: Error 111 connecting to redis:6379. Connection refused.',
    counterExample: 'connection to 10.0.0.7 is open',
  },
  {
    name: 'server-error',
    category: 'network',
    kind: 'exception',
    pattern:
      /\b50[0234] (?:GET |POST |PUT |PATCH |DELETE |HEAD |Server Error|Service Unavailable|Bad Gateway|Gateway Time-?out|Internal Server Error)|(?:ServiceUnavailable|InternalServerError|BadGateway|GatewayTimeout)(?:Error)?: 50\d|(?:Error code|status(?: code)?|HTTP(?: Error)?|HTTP\/1\.1):? 50[0234]\b|UNAVAILABLE: |Received status code 50[0234]|requested URL returned error: 50[0234]\b|StatusCode\.(?:UNAVAILABLE|DEADLINE_EXCEEDED)|ServiceUnavailableException|^(?:[\w.]{1,80}\.)?ServiceUnavailable\b/i,
    example:
      'requests.exceptions.HTTPError: 503 Server Error: Service Unavailable for url: https://hub.example/x',
    counterExample: 'step 503 of 900',
  },
];
