#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int main(int argc, char **argv)
{
    (void)argc;
    FILE *file = fopen(argv[2], "rb");
    if (!file) return 1;
    fseek(file, 0, SEEK_END);
    size_t size = (size_t)ftell(file);
    rewind(file);
    char *text = calloc(1, size + 1);
    if (fread(text, 1, size, file) != size) return 1;
    fclose(file);
    cJSON *whole = cJSON_Parse(text);
    const cJSON *item;
    long sum = 0;
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(whole, "items"))
    {
        const cJSON *tags = cJSON_GetObjectItemCaseSensitive(item, "tags");
        const cJSON *where = cJSON_GetObjectItemCaseSensitive(item, "where");
        sum += (long)cJSON_GetObjectItemCaseSensitive(item, "id")->valuedouble;
        sum += (long)cJSON_GetArrayItem(tags, 1)->valuedouble;
        sum += (long)cJSON_GetObjectItemCaseSensitive(where, "x")->valuedouble;
    }
    printf("%ld %zu\n", sum, strlen(cJSON_PrintUnformatted(whole)));
    return 0;
}
