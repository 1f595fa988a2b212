// A clock that never stops: one line a second, for as long as somebody reads. The server passes on what is printed at
// once, and ends the program when its client has gone.
//
//   cc -O2 -o clock clock.c
//   curl --no-buffer http://localhost:8080/cgi-bin/clock        (?3 ends after three lines)
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int main(void) {
  const char* query = getenv("QUERY_STRING");
  const long lines = query == NULL ? 0 : strtol(query, NULL, 10);  // 0: without end

  printf("Content-Type: text/plain\nCache-Control: no-store\n\n");
  for (long line = 1;; ++line) {
    const time_t now = time(NULL);
    char text[32];
    strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", gmtime(&now));
    printf("%s\n", text);
    if (fflush(stdout) != 0 || line == lines) return 0;
    sleep(1);
  }
}
