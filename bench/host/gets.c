/* The floor for requests: `gets N IN-FLIGHT URL` gets the URL N times with one curl multi handle and nothing else. */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>

static size_t take(char *bytes, size_t size, size_t count, void *total)
{
    (void)bytes;
    *(size_t *)total += size * count;
    return size * count;
}

static void start(CURLM *multi, const char *url, size_t *total)
{
    CURL *easy = curl_easy_init();
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, total);
    curl_multi_add_handle(multi, easy);
}

int main(int argc, char **argv)
{
    if (argc != 4) return 2;
    int left = atoi(argv[1]), flight = atoi(argv[2]), running = 0, good = 0, queued;
    size_t total = 0;
    curl_global_init(CURL_GLOBAL_ALL);
    CURLM *multi = curl_multi_init();
    for (int i = 0; i < flight && left > 0; i++, left--) start(multi, argv[3], &total);
    do {
        curl_multi_perform(multi, &running);
        for (CURLMsg *message; (message = curl_multi_info_read(multi, &queued));) {
            CURL *easy = message->easy_handle;
            good += message->data.result == CURLE_OK;
            curl_multi_remove_handle(multi, easy);
            curl_easy_cleanup(easy);
            if (left-- > 0) start(multi, argv[3], &total), running++;
        }
        if (running) curl_multi_poll(multi, NULL, 0, 1000, NULL);
    } while (running);
    curl_multi_cleanup(multi);
    return good != atoi(argv[1]);
}
