// A guest that does one kind of work, chosen by number, as often as it is told: the tightest loop, and what protocols do.

typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;

#define EXPORT(name) __attribute__((export_name(name)))

static u64 sink;
static u8 block[16384];

EXPORT("wasmnet_start") int start(void) { return 0; }

static void tight(int n) {
  u64 s = sink;
  for (u64 i = 0, end = (u64)n * 1000000; i < end; i++) s = (s + i) ^ 12345;
  sink = s;
}

static const u32 K[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static u32 ror(u32 x, int n) { return x >> n | x << (32 - n); }

static void compress(u32 *h, const u8 *p) {
  u32 w[64];
  for (int i = 0; i < 16; i++) w[i] = (u32)p[4 * i] << 24 | p[4 * i + 1] << 16 | p[4 * i + 2] << 8 | p[4 * i + 3];
  for (int i = 16; i < 64; i++) {
    u32 a = ror(w[i - 15], 7) ^ ror(w[i - 15], 18) ^ w[i - 15] >> 3;
    u32 b = ror(w[i - 2], 17) ^ ror(w[i - 2], 19) ^ w[i - 2] >> 10;
    w[i] = w[i - 16] + a + w[i - 7] + b;
  }
  u32 v[8];
  for (int i = 0; i < 8; i++) v[i] = h[i];
  for (int i = 0; i < 64; i++) {
    u32 a = v[7] + (ror(v[4], 6) ^ ror(v[4], 11) ^ ror(v[4], 25)) + ((v[4] & v[5]) ^ (~v[4] & v[6])) + K[i] + w[i];
    u32 b = (ror(v[0], 2) ^ ror(v[0], 13) ^ ror(v[0], 22)) + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
    v[7] = v[6]; v[6] = v[5]; v[5] = v[4]; v[4] = v[3] + a;
    v[3] = v[2]; v[2] = v[1]; v[1] = v[0]; v[0] = a + b;
  }
  for (int i = 0; i < 8; i++) h[i] += v[i];
}

static void hash(int n) {
  u32 h[8] = {1, 2, 3, 4, 5, 6, 7, 8};
  while (n--)
    for (u32 i = 0; i < sizeof block; i += 64) compress(h, block + i);
  sink += h[0];
}

static const char document[] =
    "{\"id\":12345,\"name\":\"the quick brown fox\",\"tags\":[\"a\",\"bb\",\"ccc\",\"dddd\"],\"nested\":{\"x\":1.5,"
    "\"y\":-2.25e3,\"ok\":true,\"none\":null,\"text\":\"line\\nbreak \\u00e9\"},\"list\":[1,2,3,4,5,6,7,8,9,10]}";

struct reader { const char *p, *end; u64 sum; };

static void space(struct reader *r) {
  while (r->p < r->end && (*r->p == ' ' || *r->p == '\t' || *r->p == '\n' || *r->p == '\r')) r->p++;
}

static void string(struct reader *r) {
  for (r->p++; r->p < r->end && *r->p != '"'; r->p++) {
    if (*r->p == '\\') r->p++;
    r->sum = r->sum * 31 + (u8)*r->p;
  }
  r->p++;
}

static void value(struct reader *r) {
  space(r);
  switch (*r->p) {
  case '{':
    r->p++;
    for (;;) {
      space(r);
      string(r);
      space(r);
      r->p++;
      value(r);
      space(r);
      if (*r->p++ != ',') return;
    }
  case '[':
    r->p++;
    for (;;) {
      value(r);
      space(r);
      if (*r->p++ != ',') return;
    }
  case '"': string(r); return;
  default:
    while (r->p < r->end && *r->p != ',' && *r->p != ']' && *r->p != '}') r->sum = r->sum * 31 + (u8)*r->p++;
  }
}

static void json(int n) {
  while (n--) {
    struct reader r = {document, document + sizeof document - 1, sink};
    value(&r);
    sink = r.sum;
  }
}

static const char request[] =
    "GET /some/path/with?query=string&and=more HTTP/1.1\r\nHost: www.example.com\r\nUser-Agent: guest/1.0\r\n"
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\nAccept-Language: en-GB,en;q=0.5\r\n"
    "Accept-Encoding: gzip, deflate\r\nConnection: keep-alive\r\nCookie: session=0123456789abcdef; other=fedcba\r\n\r\n";

struct header { const char *name, *value; int name_len, value_len; };

static int token(u8 c) { return c > ' ' && c != ':' && c < 127; }

// parse cuts a request into method, target and headers, and returns how many headers there are, or -1.
static int parse(const char *p, const char *end, struct header *hs, int max) {
  const char *start = p;
  while (p < end && token(*p)) p++;
  if (p == start || p == end || *p != ' ') return -1;
  for (p++; p < end && *p != ' '; p++)
    if ((u8)*p < ' ') return -1;
  for (p++; p < end && *p != '\r'; p++) {}
  p += 2;
  int n = 0;
  while (p < end && *p != '\r') {
    struct header *h = &hs[n < max ? n : max - 1];
    h->name = p;
    while (p < end && token(*p)) p++;
    if (p == end || *p != ':') return -1;
    h->name_len = (int)(p - h->name);
    for (p++; p < end && *p == ' '; p++) {}
    h->value = p;
    while (p < end && *p != '\r') {
      if ((u8)*p < ' ' && *p != '\t') return -1;
      p++;
    }
    h->value_len = (int)(p - h->value);
    p += 2;
    n++;
  }
  return n;
}

static void http(int n) {
  struct header hs[32];
  while (n--) {
    int k = parse(request, request + sizeof request - 1, hs, 32);
    sink += k + hs[k - 1].value_len;
  }
}

static volatile int depth = 20;

static int fib(int n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }

static void calls(int n) {
  while (n--) sink += fib(depth);
}

static void (*volatile const work[])(int) = {tight, hash, json, http, calls};

EXPORT("data_received") void data_received(int kind, int n) { work[kind](n); }
