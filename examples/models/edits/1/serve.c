/*
 * The number of edits between two texts (Levenshtein). It speaks the frames of docs/runtimes.md with nothing but the
 * standard library: it looks for the few members that it needs in headers that the worker writes without spaces.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LONGEST 1024

/* Reads exactly so many bytes, or ends: then the worker has gone. */
static void read_all(void *to, size_t bytes) {
  for (char *at = to; bytes > 0;) {
    ssize_t got = read(3, at, bytes);
    if (got <= 0) exit(0);
    at += got;
    bytes -= (size_t)got;
  }
}

static void write_all(const void *from, size_t bytes) {
  for (const char *at = from; bytes > 0;) {
    ssize_t put = write(4, at, bytes);
    if (put <= 0) exit(0);
    at += put;
    bytes -= (size_t)put;
  }
}

/* Numbers are little-endian, as on every machine that Tidings runs on. */
static void write_frame(const char *header, const void *body, uint32_t body_bytes) {
  uint32_t lengths[2] = {(uint32_t)strlen(header), body_bytes};
  write_all(lengths, sizeof lengths);
  write_all(header, lengths[0]);
  write_all(body, body_bytes);
}

static long number_in(const char *header, const char *member) {
  const char *found = strstr(header, member);
  return found == NULL ? 0 : atol(found + strlen(member));
}

static uint32_t edits(const char *one, uint32_t ones, const char *other, uint32_t others) {
  static uint32_t row[LONGEST + 1];
  for (uint32_t j = 0; j <= others; j++) row[j] = j;
  for (uint32_t i = 1; i <= ones; i++) {
    uint32_t diagonal = row[0];
    row[0] = i;
    for (uint32_t j = 1; j <= others; j++) {
      uint32_t best = diagonal + (one[i - 1] != other[j - 1]);
      if (row[j] + 1 < best) best = row[j] + 1;
      if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
      diagonal = row[j];
      row[j] = best;
    }
  }
  return row[others];
}

/* A column of texts: a length for each row, and then the bytes of all. */
struct texts {
  const char *lengths;
  const char *bytes;
};

static uint32_t length_at(struct texts texts, long row) {
  uint32_t length;
  memcpy(&length, texts.lengths + 4 * row, 4);
  return length;
}

static struct texts texts_at(const char *column, long rows) {
  return (struct texts){column, column + 4 * rows};
}

static const char *end_of(struct texts texts, long rows) {
  const char *end = texts.bytes;
  for (long row = 0; row < rows; row++) end += length_at(texts, row);
  return end;
}

int main(int count, char **arguments) {
  /* The script has compiled this program into a folder of its own. */
  if (count > 1) {
    unlink(arguments[0]);
    rmdir(arguments[1]);
  }
  const char *ready = "{\"type\":\"ready\",\"protocol\":1}";
  write_frame(ready, NULL, 0);
  for (;;) {
    uint32_t lengths[2];
    read_all(lengths, sizeof lengths);
    char *header = malloc(lengths[0] + 1);
    char *body = malloc(lengths[1] + 1);
    read_all(header, lengths[0]);
    read_all(body, lengths[1]);
    header[lengths[0]] = '\0';
    char answer[200];
    long id = number_in(header, "\"id\":");
    if (strstr(header, "\"type\":\"load\"") != NULL) {
      snprintf(answer, sizeof answer, "{\"id\":%ld,\"type\":\"loaded\"}", id);
      write_frame(answer, NULL, 0);
    } else {
      long rows = number_in(header, "\"rows\":");
      struct texts one = texts_at(body, rows);
      struct texts other = texts_at(end_of(one, rows), rows);
      uint32_t *results = malloc(4 * (size_t)rows);
      for (long row = 0; row < rows; row++) {
        uint32_t ones = length_at(one, row), others = length_at(other, row);
        results[row] = edits(one.bytes, ones, other.bytes, others);
        one.bytes += ones;
        other.bytes += others;
      }
      snprintf(answer, sizeof answer,
               "{\"id\":%ld,\"type\":\"ran\",\"columns\":[{\"name\":\"edits\",\"type\":\"int32\",\"shape\":[%ld],\"bytes\":%ld}]}",
               id, rows, 4 * rows);
      write_frame(answer, results, (uint32_t)(4 * rows));
      free(results);
    }
    free(header);
    free(body);
  }
}
