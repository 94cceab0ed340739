# Makes a C++ source of the explorer's page: cmake -Dfolder=autograd/explore -Doutput=page.cpp -P EmbedPage.cmake
# The stylesheet and the scripts replace the lines of page.html that name them; the recording will stand between the two
# parts of the page. Comments and space that means nothing, an eighth of the page, stay behind: no string or template in a
# script spans lines, and "//" after two blanks or at the beginning of a line begins a comment.
cmake_policy(VERSION 3.25)
file(READ ${folder}/page.html page)
file(READ ${folder}/page.css style)
string(REGEX REPLACE "/\\*[^*]*\\*/\n" "" style "${style}")
string(REGEX REPLACE "([:;,{}])[\n ]+" "\\1" style "${style}")
string(REPLACE " {" "{" style "${style}")
string(REPLACE "<!-- page.css -->" "<style>\n${style}</style>" page "${page}")
set(scripts)
foreach(name html numbers formulas layout tape compare mistakes drawing panels optimizer page)
  file(READ ${folder}/${name}.js script)
  string(APPEND scripts "\n${script}")
endforeach()
string(REGEX REPLACE "(\n *|  )//[^\n]*" "" scripts "${scripts}")
string(REPLACE "<!-- scripts -->" "<script>\n\"use strict\";${scripts}</script>" page "${page}")
string(REGEX REPLACE "\n[\n ]+" "\n" page "${page}")
string(FIND "${page}" "<!-- recording -->" cut)
string(SUBSTRING "${page}" 0 ${cut} begin)
string(LENGTH "<!-- recording -->" length)
math(EXPR cut "${cut} + ${length}")
string(SUBSTRING "${page}" ${cut} -1 end)
file(WRITE ${output} "#include <tenon/autograd/explore/page.h>

namespace tenon::autograd {
constexpr std::string_view page_begin = R\"tenon(${begin})tenon\";
constexpr std::string_view page_end = R\"tenon(${end})tenon\";
}  // namespace tenon::autograd
")
